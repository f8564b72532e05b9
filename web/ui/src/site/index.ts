// What every page has: times in the reader's own zone and words, and the zone remembered for the
// next page. A page is complete without it.

import { localTimes, rememberZone } from "./times";

rememberZone();
localTimes(document);
