// What every page has: times in the reader's own zone and words, the zone remembered for the next
// page, menus that close, links that copy; pages that open without a network; and lessons that are
// still on this laptop sent from wherever somebody is. A page is complete without it.

import { CopyButton } from "./copy";
import { closeMenus } from "./menus";
import { OfflinePage, startWithoutNetwork } from "./offline";
import { tellBeforeSignOut } from "./sign-out";
import { localTimes, rememberZone } from "./times";

rememberZone();
localTimes(document);
closeMenus();
customElements.define("copy-button", CopyButton);
customElements.define("offline-page", OfflinePage);
startWithoutNetwork();
tellBeforeSignOut();

/** Lessons and marks that wait go after the page: nobody came here for them. */
const rest = "requestIdleCallback" in window ? requestIdleCallback : (then: () => void) => setTimeout(then, 500);
rest(() => {
  import("./unsent").catch(() => undefined); // the network went: the next page sends
  import("./moments").catch(() => undefined);
});
