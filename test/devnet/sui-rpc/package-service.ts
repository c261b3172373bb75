/** `MovePackageService`: declared functions and datatypes. There is no bytecode to hand out. */
import { GrpcTypes } from "@mysten/sui/grpc";
import type {
  Ability,
  DatatypeDeclaration,
  NativeFunction,
  NativePackage,
} from "../ledger/move.ts";
import {
  datatypeName,
  type MoveType,
  parseParameter,
  parseType,
  type Primitive,
} from "../ledger/move-types.ts";
import { normalizeSuiAddress } from "@mysten/sui/utils";
import { notFound } from "./failure.ts";
import { method, type RpcMethod, type RpcNode } from "./node.ts";

const Service = GrpcTypes.MovePackageService;
const Type = GrpcTypes.OpenSignatureBody_Type;
const Reference = GrpcTypes.OpenSignature_Reference;
const Visibility = GrpcTypes.FunctionDescriptor_Visibility;
const Kind = GrpcTypes.DatatypeDescriptor_DatatypeKind;

const ABILITIES: Readonly<Record<Ability, GrpcTypes.Ability>> = {
  copy: GrpcTypes.Ability.COPY,
  drop: GrpcTypes.Ability.DROP,
  store: GrpcTypes.Ability.STORE,
  key: GrpcTypes.Ability.KEY,
};

const PRIMITIVES: Readonly<Record<Primitive, GrpcTypes.OpenSignatureBody_Type>> = {
  bool: Type.BOOL,
  u8: Type.U8,
  u16: Type.U16,
  u32: Type.U32,
  u64: Type.U64,
  u128: Type.U128,
  u256: Type.U256,
  address: Type.ADDRESS,
};

export const packageMethods: readonly RpcMethod[] = [
  method(Service, "GetFunction", getFunction),
  method(Service, "GetDatatype", getDatatype),
  method(Service, "GetPackage", getPackage),
  method(Service, "ListPackageVersions", listPackageVersions),
];

function packageOf(id: string | undefined, { ledger }: RpcNode): NativePackage {
  const found = id === undefined ? undefined : ledger.registry.package(id);
  if (found === undefined) throw notFound(`Package ${id ?? "(missing)"} not found`);
  return found;
}

function getFunction(
  request: GrpcTypes.GetFunctionRequest,
  node: RpcNode,
): GrpcTypes.GetFunctionResponse {
  const { functions } = packageOf(request.packageId, node);
  const found = functions.find(
    ({ module, name }) => module === request.moduleName && name === request.name,
  );
  if (found === undefined) {
    throw notFound(`Function ${request.moduleName ?? ""}::${request.name ?? ""} not found`);
  }
  return { function: renderFunction(found) };
}

function renderFunction(declaration: NativeFunction): GrpcTypes.FunctionDescriptor {
  return {
    name: declaration.name,
    visibility: declaration.visibility === "entry" ? Visibility.PRIVATE : Visibility.PUBLIC,
    isEntry: declaration.visibility !== "public",
    typeParameters: declaration.typeParameters.map((constraints) => ({
      constraints: constraints.map((ability) => ABILITIES[ability]),
    })),
    parameters: declaration.parameters.map(renderSignature),
    returns: declaration.returns.map(renderSignature),
  };
}

function renderSignature(text: string): GrpcTypes.OpenSignature {
  const { reference, type } = parseParameter(text);
  const body = renderType(type);
  if (reference === "value") return { body };
  return { reference: reference === "mutable" ? Reference.MUTABLE : Reference.IMMUTABLE, body };
}

function renderType(type: MoveType): GrpcTypes.OpenSignatureBody {
  switch (type.kind) {
    case "primitive":
      return { type: PRIMITIVES[type.name], typeParameterInstantiation: [] };
    case "vector":
      return { type: Type.VECTOR, typeParameterInstantiation: [renderType(type.element)] };
    case "parameter":
      return {
        type: Type.TYPE_PARAMETER,
        typeParameter: type.index,
        typeParameterInstantiation: [],
      };
    case "datatype":
      return {
        type: Type.DATATYPE,
        typeName: datatypeName(type),
        typeParameterInstantiation: type.typeArguments.map(renderType),
      };
  }
}

function getDatatype(
  request: GrpcTypes.GetDatatypeRequest,
  node: RpcNode,
): GrpcTypes.GetDatatypeResponse {
  const pack = packageOf(request.packageId, node);
  const key = `${request.moduleName ?? ""}::${request.name ?? ""}`;
  const declaration = pack.datatypes[key];
  if (declaration === undefined) throw notFound(`Datatype ${key} not found`);
  return { datatype: renderDatatype(pack, key, declaration) };
}

function renderDatatype(
  pack: NativePackage,
  key: string,
  declaration: DatatypeDeclaration,
): GrpcTypes.DatatypeDescriptor {
  const [module = "", name = ""] = key.split("::");
  const definingId = normalizeSuiAddress(pack.originalId);
  return {
    typeName: `${definingId}::${key}`,
    definingId,
    module,
    name,
    abilities: declaration.abilities.map((ability) => ABILITIES[ability]),
    typeParameters: Array.from({ length: declaration.typeParameterCount ?? 0 }, () => ({
      constraints: [],
    })),
    kind: declaration.kind === "struct" ? Kind.STRUCT : Kind.ENUM,
    fields: declaration.kind === "struct" ? renderFields(declaration.fields) : [],
    variants: declaration.kind === "enum" ? renderVariants(declaration.variants) : [],
  };
}

function renderFields(fields: Readonly<Record<string, string>>): GrpcTypes.FieldDescriptor[] {
  return Object.entries(fields).map(([name, type], position) => ({
    name,
    position,
    type: renderType(parseType(type)),
  }));
}

function renderVariants(
  variants: Extract<DatatypeDeclaration, { kind: "enum" }>["variants"],
): GrpcTypes.VariantDescriptor[] {
  return Object.entries(variants).map(([name, content], position) => ({
    name,
    position,
    fields:
      content === null
        ? []
        : renderFields(typeof content === "string" ? { pos0: content } : content),
  }));
}

function getPackage(
  request: GrpcTypes.GetPackageRequest,
  node: RpcNode,
): GrpcTypes.GetPackageResponse {
  const pack = packageOf(request.packageId, node);
  const modules = new Map<string, GrpcTypes.Module>();
  const moduleOf = (name: string): GrpcTypes.Module => {
    const module = modules.get(name) ?? GrpcTypes.Module.create({ name });
    modules.set(name, module);
    return module;
  };
  for (const [key, declaration] of Object.entries(pack.datatypes)) {
    const [module = ""] = key.split("::");
    moduleOf(module).datatypes.push(renderDatatype(pack, key, declaration));
  }
  for (const declaration of pack.functions) {
    moduleOf(declaration.module).functions.push(renderFunction(declaration));
  }
  const originalId = normalizeSuiAddress(pack.originalId);
  return {
    package: {
      storageId: normalizeSuiAddress(pack.storageId),
      originalId,
      version: BigInt(pack.version),
      modules: [...modules.values()],
      typeOrigins: Object.keys(pack.datatypes).map((key) => {
        const [moduleName = "", datatypeName = ""] = key.split("::");
        return { moduleName, datatypeName, packageId: originalId };
      }),
      linkage: [],
    },
  };
}

function listPackageVersions(
  request: GrpcTypes.ListPackageVersionsRequest,
  node: RpcNode,
): GrpcTypes.ListPackageVersionsResponse {
  const { originalId, storageId, version } = packageOf(request.packageId, node);
  const versions = new Map([
    [normalizeSuiAddress(originalId), 1n],
    [normalizeSuiAddress(storageId), BigInt(version)],
  ]);
  return { versions: [...versions].map(([packageId, version]) => ({ packageId, version })) };
}
