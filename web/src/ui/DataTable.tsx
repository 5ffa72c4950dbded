/** A table of things that change while one looks: 32 px rows, numbers right, sorted by a click. */

import { ChevronDown, ChevronUp } from "lucide-react";
import { memo, useMemo, useState } from "react";
import type { ReactNode } from "react";

import { useWindowed } from "./useWindowed";
import classes from "./DataTable.module.css";

export interface Column<Row> {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Numbers and times: tabular figures, right aligned. */
  number?: boolean;
  /** What the column is sorted by; without it it cannot be. */
  by?: (row: Row) => number | string;
  /** Sorts the largest first at the first click. */
  largestFirst?: boolean;
  /** Takes the room that is left; text that is too long is cut, and whole under the mouse. */
  rest?: boolean;
}

interface Sorting {
  column: string;
  descending: boolean;
}

interface Props<Row> {
  /** What the table is, for people who do not see it. */
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Shown instead of rows when there are none. */
  empty: ReactNode;
  /** Called with the row that was clicked; rows can be reached by Tab then. */
  onOpen?: (row: Row) => void;
  /** Which rows can be opened; all of them without it. */
  opens?: (row: Row) => boolean;
}

/** Rows come in the order given until a header is clicked. A row is drawn anew only when it is
 * another object: keep `columns` the same (useMemo) and entries as the live store has them. */
export function DataTable<Row>(props: Props<Row>) {
  const { label, columns, rows, rowKey, empty, onOpen, opens } = props;
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const sorted = useMemo(() => sort(rows, columns, sorting), [rows, columns, sorting]);
  const { body, first, end, above, below } = useWindowed(sorted.length);
  const click = (column: Column<Row>) =>
    setSorting((before) => {
      const begins = column.largestFirst ?? false;
      if (before?.column !== column.id) return { column: column.id, descending: begins };
      return before.descending === begins ? { column: column.id, descending: !begins } : null;
    });
  return (
    <table className={classes.table} aria-label={label} aria-rowcount={rows.length}>
      <thead>
        <tr>
          {columns.map((column) => (
            <Header
              key={column.id}
              column={column}
              sorting={sorting?.column === column.id ? sorting : null}
              onClick={() => click(column)}
            />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        <Gap px={above} />
        {sorted.slice(first, end).map((row) => (
          <MemoLine
            key={rowKey(row)}
            row={row}
            columns={columns as Column<unknown>[]}
            onOpen={(opens?.(row) ?? true) ? (onOpen as (row: unknown) => void) : undefined}
          />
        ))}
        <Gap px={below} />
        {rows.length === 0 && (
          <tr>
            <td className={classes.empty} colSpan={columns.length}>
              {empty}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** Stands for rows that are not drawn. */
function Gap({ px }: { px: number }) {
  return px > 0 && <tr aria-hidden style={{ height: px }} />;
}

interface HeaderProps<Row> {
  column: Column<Row>;
  sorting: Sorting | null;
  onClick: () => void;
}

function Header<Row>({ column, sorting, onClick }: HeaderProps<Row>) {
  const order = sorting?.descending ? "descending" : "ascending";
  const Arrow = sorting?.descending ? ChevronDown : ChevronUp;
  return (
    <th
      scope="col"
      className={classOf(column)}
      aria-sort={sorting ? order : undefined}
    >
      {column.by ? (
        <button type="button" className={classes.sort} onClick={onClick}>
          {column.header}
          {sorting && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        column.header
      )}
    </th>
  );
}

function classOf(column: { number?: boolean; rest?: boolean }): string | undefined {
  if (column.number) return "number";
  return column.rest ? classes.rest : undefined;
}

interface LineProps<Row> {
  row: Row;
  columns: Column<Row>[];
  onOpen?: (row: Row) => void;
}

function Line<Row>({ row, columns, onOpen }: LineProps<Row>) {
  return (
    <tr
      className={onOpen && classes.opens}
      tabIndex={onOpen && 0}
      onClick={onOpen && (() => onOpen(row))}
      onKeyDown={
        onOpen &&
        ((event) => {
          if (event.key === "Enter") onOpen(row);
        })
      }
    >
      {columns.map((column) => {
        const content = column.cell(row);
        const whole = column.rest && typeof content === "string" ? content : undefined;
        return (
          <td key={column.id} className={classOf(column)} title={whole}>
            {content}
          </td>
        );
      })}
    </tr>
  );
}

const MemoLine = memo(Line);

function sort<Row>(rows: readonly Row[], columns: Column<Row>[], sorting: Sorting | null) {
  const by = columns.find((column) => column.id === sorting?.column)?.by;
  if (!by) return rows;
  const sign = sorting?.descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (typeof x === "string" && typeof y === "string") return sign * x.localeCompare(y);
    return sign * (Number(x) - Number(y));
  });
}
