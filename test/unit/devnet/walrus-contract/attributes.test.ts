import { describe, expect, test } from "vitest";
import { abortOf, call, callOne, register, run, startWorld } from "./support.ts";

describe("attributes (metadata.move, blob.move)", () => {
  test("pairs are added, replaced and removed; attributes appear when first needed", () => {
    const { result } = run(startWorld(), (context, { system }) => {
      const blob = register(context, system);
      const pair = (key: string, value: string) =>
        call(context, "blob::insert_or_update_metadata_pair", blob, key, value);
      pair("key1", "value1");
      pair("key2", "value2");
      pair("key1", "value3");
      const removed = call(context, "blob::remove_metadata_pair", blob, "key2");
      const gone = call(context, "blob::remove_metadata_pair_if_exists", blob, "key2");
      return { removed, gone, left: callOne(context, "blob::take_metadata", blob) };
    });
    expect(result).toEqual({
      removed: ["key2", "value2"],
      gone: [null],
      left: { metadata: { contents: [{ key: "key1", value: "value3" }] } },
    });
  });

  test("add_or_replace_metadata returns what was there", () => {
    const { result } = run(startWorld(), (context, { system }) => {
      const blob = register(context, system);
      const [first, second] = [1, 2].map((value) => {
        const metadata = callOne(context, "metadata::new");
        call(context, "metadata::insert_or_update", metadata, "n", String(value));
        return metadata;
      });
      return [first, second].map((value) =>
        callOne(context, "blob::add_or_replace_metadata", blob, value),
      );
    });
    expect(result).toEqual([null, { metadata: { contents: [{ key: "n", value: "1" }] } }]);
  });

  test("EDuplicateMetadata: add_metadata where there are some", () => {
    const abort = abortOf(startWorld(), (context, { system }) => {
      const blob = register(context, system);
      for (const _ of [1, 2])
        call(context, "blob::add_metadata", blob, callOne(context, "metadata::new"));
    });
    expect(abort).toBe("blob::EDuplicateMetadata (7)");
  });

  test.each([["take_metadata"], ["remove_metadata_pair", "key"]])(
    "EMissingMetadata: %s where there are none",
    (name, ...keys) => {
      const abort = abortOf(startWorld(), (context, { system }) =>
        call(context, `blob::${name}`, register(context, system), ...keys),
      );
      expect(abort).toBe("blob::EMissingMetadata (8)");
    },
  );

  test("remove_metadata_pair_if_exists is silent where there are none", () => {
    const { result } = run(startWorld(), (context, { system }) =>
      call(context, "blob::remove_metadata_pair_if_exists", register(context, system), "key"),
    );
    expect(result).toEqual([null]);
  });

  test("EKeyDoesNotExist: metadata::remove of an unknown key (vec_map.move)", () => {
    const abort = abortOf(startWorld(), (context) =>
      call(context, "metadata::remove", callOne(context, "metadata::new"), "key"),
    );
    expect(abort).toBe("vec_map::EKeyDoesNotExist (1)");
  });
});
