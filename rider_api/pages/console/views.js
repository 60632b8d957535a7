/** The views of the console, in the order of the rail. */

import { mountBook } from "./book_view.js";
import { mountComplaints } from "./complaints_view.js";
import { mountDrivers } from "./drivers_view.js";
import { mountMap } from "./map_view.js";
import { mountMessages } from "./messages_view.js";
import { mountMoney } from "./money_view.js";
import { mountPromotions } from "./promotions_view.js";
import { mountPulse } from "./pulse_view.js";
import { mountRide } from "./ride_view.js";
import { mountRides } from "./rides_view.js";

export const VIEWS = {
  map: { title: "Map", icon: "map", area: "operate_rides", mount: mountMap },
  rides: { title: "Rides", icon: "rides", area: "operate_rides", mount: mountRides },
  ride: { title: "Ride", area: "operate_rides", mount: mountRide, hidden: true, under: "rides" },
  book: { title: "Book", icon: "phone", area: "operate_rides", mount: mountBook },
  pulse: { title: "Pulse", icon: "pulse", area: "operate_rides", mount: mountPulse },
  money: { title: "Money", icon: "money", area: "operate_money", mount: mountMoney },
  complaints: { title: "Complaints", icon: "speech", area: "operate_money", mount: mountComplaints },
  promotions: { title: "Promotions", icon: "ticket", area: "operate_money", mount: mountPromotions },
  drivers: { title: "Drivers", icon: "people", area: "operate_drivers", mount: mountDrivers },
  messages: { title: "Messages", icon: "letters", area: "operate_messages", mount: mountMessages },
};
