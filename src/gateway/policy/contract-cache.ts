import { compileContract, type ContractSource, type RequestContract } from "../validation/request-contract.ts";

/** Compiled request contracts by their content, so that a change of policy does not compile every operation again. */
export type ContractCache = {
  /** Compiles at the first call of the result; the same source gives the same contract in later snapshots. */
  lazy(source: ContractSource): () => RequestContract;
  /** Drops contracts that no `lazy` asked for since the last call. */
  forgetUnused(): void;
};

type Slot = { contract: RequestContract | undefined };

export function createContractCache(): ContractCache {
  let kept = new Map<string, Slot>();
  let used = new Map<string, Slot>();
  return {
    lazy(source) {
      const key = JSON.stringify([source.path, source.parameters, source.requestSchema]);
      const slot = used.get(key) ?? kept.get(key) ?? { contract: undefined };
      used.set(key, slot);
      return () => (slot.contract ??= compileContract(source));
    },
    forgetUnused() {
      kept = used;
      used = new Map();
    },
  };
}
