/** What the built kernel exports (`assembly/index.ts`), as WebAssembly sees it: bare numbers. */

export interface KernelExports {
  heapBase(): number;
  tablesBase(): number;
  hashBytes(target: number, source: number, byteCount: number): void;
  hashLeaves(
    target: number,
    source: number,
    count: number,
    stride: number,
    byteCount: number,
  ): void;
  lookupLeaves(target: number, source: number, count: number, table: number): void;
  hashPairs(
    target: number,
    left: number,
    right: number,
    count: number,
    leftStride: number,
    rightStride: number,
  ): void;
  addInto(target: number, source: number, byteCount: number): void;
  changeBase(work: number, count: number, width: number): void;
  differentiate(work: number, size: number, width: number, count: number): void;
  forwardTransform(
    work: number,
    size: number,
    width: number,
    point: number,
    limit: number,
    first: number,
  ): void;
  inverseTransform(work: number, size: number, width: number, point: number, limit: number): void;
  scalePositions(work: number, factors: number, count: number, width: number): void;
  combine(target: number, work: number, factors: number, count: number, width: number): void;
  spread(
    work: number,
    size: number,
    width: number,
    source: number,
    places: number,
    count: number,
  ): void;
  gather(
    work: number,
    width: number,
    source: number,
    positionCount: number,
    positionStride: number,
    laneCount: number,
    laneStride: number,
    symbolBytes: number,
  ): void;
  scatter(
    target: number,
    positionStride: number,
    laneStride: number,
    work: number,
    width: number,
    positionCount: number,
    laneCount: number,
    symbolBytes: number,
  ): void;
  copySymbols(
    target: number,
    targetPositionStride: number,
    targetLaneStride: number,
    source: number,
    sourcePositionStride: number,
    sourceLaneStride: number,
    positionCount: number,
    laneCount: number,
    symbolBytes: number,
  ): void;
}
