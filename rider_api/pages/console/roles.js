/** What a role is shown: the areas of the API's scopes. The edge and the services hold to the same, whatever is shown. */

const OPERATOR = ["operate_rides", "operate_drivers", "operate_money", "operate_cities", "operate_messages", "audit"];
const AREAS = { support: ["operate_drivers"], operator: OPERATOR, admin: [...OPERATOR, "staff"] };
/** Support looks at drivers and decides nothing. */
const CHANGES = { support: [], operator: OPERATOR, admin: [...OPERATOR, "staff"] };

/** Return what tells whether a role may look at an area, or with `change`, act in it. */
export const mayOf = (role) => (area, change = false) => ((change ? CHANGES : AREAS)[role] ?? []).includes(area);
