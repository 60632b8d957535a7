/** The views of the console, in the order of the rail. */

import { mountMap } from "./map_view.js";

export const VIEWS = {
  map: { title: "Map", icon: "map", area: "operate_rides", mount: mountMap },
};
