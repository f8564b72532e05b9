// What every page has: times in the reader's own zone and words, the zone remembered for the next
// page, menus that close, links that copy. A page is complete without it.

import { CopyButton } from "./copy";
import { closeMenus } from "./menus";
import { localTimes, rememberZone } from "./times";

rememberZone();
localTimes(document);
closeMenus();
customElements.define("copy-button", CopyButton);
