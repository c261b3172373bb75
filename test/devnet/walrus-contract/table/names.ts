/** Type names used all over the tables. Data only. */
export const ID = "0x2::object::ID";
export const UID = "0x2::object::UID";
export const STRING = "0x1::string::String";
export const CONTEXT = "&mut 0x2::tx_context::TxContext";
export const CLOCK = "&0x2::clock::Clock";
export const WAL = "wal::wal::WAL";
export const SUI = "0x2::sui::SUI";
export const WAL_COIN = "0x2::coin::Coin<wal::wal::WAL>";
export const SUI_COIN = "0x2::coin::Coin<0x2::sui::SUI>";
export const WAL_BALANCE = "0x2::balance::Balance<wal::wal::WAL>";
export const G1_KEY = "0x2::group_ops::Element<0x2::bls12381::G1>";
export const UNCOMPRESSED_G1_KEY = "0x2::group_ops::Element<0x2::bls12381::UncompressedG1>";
export const BYTES = "vector<u8>";

export const SYSTEM = "walrus::system::System";
export const STAKING = "walrus::staking::Staking";
export const BLOB = "walrus::blob::Blob";
export const STORAGE = "walrus::storage_resource::Storage";
export const METADATA = "walrus::metadata::Metadata";
export const SHARED_BLOB = "walrus::shared_blob::SharedBlob";
export const STORAGE_POOL = "walrus::storage_pool::StoragePool";
export const NODE_CAP = "walrus::storage_node::StorageNodeCap";
export const STAKED_WAL = "walrus::staked_wal::StakedWal";
export const COMMITTEE = "walrus::committee::Committee";
export const TREASURY = "wal::wal::ProtectedTreasury";
export const EXCHANGE = "wal_exchange::wal_exchange::Exchange";
