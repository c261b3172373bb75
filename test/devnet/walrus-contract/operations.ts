/**
 * The door of the contract for the network around it: packages, genesis, epoch change, prices.
 */
export { walrusPackages } from "./packages.ts";
export { createDeployment } from "./genesis.ts";
export { finishEpochChange, startEpochChange } from "./epoch-change.ts";
export { readEpochState, setPrices } from "./admin.ts";
export { LOCAL_ADDRESSES } from "./deployment.ts";
export type * from "./deployment.ts";
