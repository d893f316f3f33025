/**
 * Why a database cannot store sessions. Public through `SqlDestination`.
 */
import * as Schema from "effect/Schema"
import { reasonOf } from "../reasons.ts"

const Reason = reasonOf("SqlDestinationError")

const whose = (account: string): string => (account === "" ? "the key's own account" : account)

/**
 * The stored checkpoint is not the one that this run read or saved: another program or run stored a batch since. Nothing of
 * this batch was stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class CheckpointMovedError extends Reason<CheckpointMovedError>()("CheckpointMovedError", {
  table: Schema.String,
  account: Schema.String,
  checkpoint: Schema.String
}) {
  override get message(): string {
    return `Expected the checkpoint "${this.checkpoint}" of ${whose(this.account)} in ${this.table} as this run left it, found another. Nothing was stored. If two programs or runs store it, stop one. Run the other again to resume.`
  }
}

/**
 * The batch and the destination are of different accounts. Nothing was stored.
 *
 * @category errors
 * @since 0.1.0
 */
export class OtherAccountError extends Reason<OtherAccountError>()("OtherAccountError", {
  /** The account of the destination; empty for the key's own account. */
  expected: Schema.String,
  /** The account that the batch was read from. */
  actual: Schema.String
}) {
  override get message(): string {
    return `Expected sessions of ${whose(this.expected)}, got sessions of ${this.actual}. Pass account: "${this.actual}" to the destination, or read its account.`
  }
}

/**
 * The batch is of live mode and the stored checkpoint of this account and name is of test mode, or the reverse. Nothing
 * was stored. Checkpoints of other names are not compared, and neither are the sessions of `upsert`.
 *
 * @category errors
 * @since 0.1.0
 */
export class OtherModeError extends Reason<OtherModeError>()("OtherModeError", {
  table: Schema.String,
  account: Schema.String,
  /** The mode of the batch. */
  livemode: Schema.Boolean
}) {
  override get message(): string {
    const [expected, actual] = this.livemode ? ["test", "live"] : ["live", "test"]
    return `Expected sessions of ${expected} mode for ${whose(this.account)} in ${this.table}, got sessions of ${actual} mode. Use a key of ${expected} mode, or another table.`
  }
}

/**
 * The table is missing, or has other columns than the migrations create.
 *
 * @category errors
 * @since 0.1.0
 */
export class TableMismatchError extends Reason<TableMismatchError>()("TableMismatchError", {
  table: Schema.String,
  /**
   * `missing`: there is no such table. `columns`: it lacks columns. `unrelated`: the migrations did not create it. `schema`:
   * it is not in the first schema of Postgres's `search_path`, so it may be another program's.
   */
  problem: Schema.Literals(["missing", "columns", "unrelated", "schema"]),
  /** The columns that are missing. */
  columns: Schema.Array(Schema.String)
}) {
  override get message(): string {
    switch (this.problem) {
      case "missing":
        return `Expected a table ${this.table}, found none. Run the migrations first: provide SqlDestination.layer with the same table. If they ran before, drop all its tables first, …_checkpoints and …_migrations too.`
      case "columns":
        return `Expected the table ${this.table} to have ${this.columns.join(", ")}, which it lacks. Run the migrations of this version. If they ran before, use another table, or drop all its tables to start over.`
      case "unrelated":
        return `Expected to create the table ${this.table}, found one that these migrations did not create. Use another table.`
      case "schema":
        return `Expected the table ${this.table} in the first schema of the search_path, found it in another. Set the search_path to the schema of this table alone.`
    }
  }
}

/**
 * The database is neither Postgres nor SQLite.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnsupportedDialectError extends Reason<UnsupportedDialectError>()("UnsupportedDialectError", {
  dialect: Schema.String
}) {
  override get message(): string {
    return `Expected a client of Postgres or SQLite, got one of ${this.dialect}. Write your own Destination for it: its save stores rows and checkpoint in one transaction.`
  }
}
