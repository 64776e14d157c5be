"""Tables: lists of rows with named columns."""

from collections import OrderedDict


class Table:
    """Rows under column names."""

    def __init__(self, columns, rows=()):
        if len(set(columns)) != len(columns):
            raise ValueError("columns must have different names")
        self.columns = list(columns)
        self.rows = []
        for row in rows:
            self.add(row)

    def add(self, row):
        """Append a row: a sequence, or a mapping in which absent columns are None."""
        if isinstance(row, dict):
            unknown = [key for key in row if key not in self.columns]
            if unknown:
                raise KeyError(unknown[0])
            row = [row.get(column) for column in self.columns]
        row = list(row)
        if len(row) != len(self.columns):
            raise ValueError(f"{len(row)} values for {len(self.columns)} columns")
        self.rows.append(row)

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        for row in self.rows:
            yield dict(zip(self.columns, row))

    def column(self, name):
        """The values of a column."""
        at = self._index(name)
        return [row[at] for row in self.rows]

    def _index(self, name):
        try:
            return self.columns.index(name)
        except ValueError:
            raise KeyError(name) from None

    def where(self, test):
        """The rows, as mappings, for which `test` holds, as a new table."""
        return Table(self.columns, [row for row in self if test(row)])

    def select(self, *names):
        """The named columns, in the order named."""
        places = [self._index(name) for name in names]
        return Table(names, [[row[at] for at in places] for row in self.rows])

    def sort(self, name, reverse=False):
        """Rows by a column; None comes last either way."""
        at = self._index(name)
        present = [row for row in self.rows if row[at] is not None]
        absent = [row for row in self.rows if row[at] is None]
        present.sort(key=lambda row: row[at], reverse=reverse)
        return Table(self.columns, present + absent)

    def group(self, name):
        """Value to table of the rows that have it, in order of appearance."""
        groups = OrderedDict()
        at = self._index(name)
        for row in self.rows:
            groups.setdefault(row[at], Table(self.columns)).add(row)
        return groups

    def join(self, other, on, keep_left=False):
        """Rows of both tables that agree in column `on`."""
        index = {}
        at = other._index(on)
        for row in other.rows:
            index.setdefault(row[at], []).append(row)
        extra = [column for column in other.columns if column != on]
        places = [other._index(column) for column in extra]
        joined = Table(self.columns + extra)
        mine = self._index(on)
        for row in self.rows:
            matches = index.get(row[mine], [])
            for match in matches:
                joined.add(row + [match[place] for place in places])
            if keep_left and not matches:
                joined.add(row + [None] * len(extra))
        return joined

    def page(self, number, size):
        """Page `number`, counted from 1."""
        if number < 1 or size < 1:
            raise ValueError("pages are counted from 1")
        start = (number - 1) * size
        return Table(self.columns, self.rows[start:start + size])

    def pages(self, size):
        """How many pages of a size there are."""
        return (len(self.rows) + size - 1) // size

    def render(self, gap="  "):
        """Aligned text: numbers to the right, the rest to the left."""
        cells = [[_shown(value) for value in row] for row in self.rows]
        widths = [len(name) for name in self.columns]
        for row in cells:
            for at, cell in enumerate(row):
                widths[at] = max(widths[at], len(cell))
        lines = [gap.join(name.ljust(width) for name, width in zip(self.columns, widths)).rstrip()]
        lines.append(gap.join("-" * width for width in widths))
        for row, shown in zip(self.rows, cells):
            parts = []
            for value, cell, width in zip(row, shown, widths):
                number = isinstance(value, (int, float)) and not isinstance(value, bool)
                parts.append(cell.rjust(width) if number else cell.ljust(width))
            lines.append(gap.join(parts).rstrip())
        return "\n".join(lines)


def _shown(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value)


def parse_csv(text, separator=","):
    """A table from CSV: quotes double themselves, the first line names the columns."""
    records = []
    field, record, quoted = [], [], False
    at = 0
    while at < len(text):
        char = text[at]
        if quoted:
            if char == '"' and text[at + 1:at + 2] == '"':
                field.append('"')
                at += 1
            elif char == '"':
                quoted = False
            else:
                field.append(char)
        elif char == '"':
            quoted = True
        elif char == separator:
            record.append("".join(field))
            field = []
        elif char == "\n":
            record.append("".join(field))
            records.append(record)
            field, record = [], []
        elif char != "\r":
            field.append(char)
        at += 1
    if quoted:
        raise ValueError("a quote is not closed")
    if field or record:
        record.append("".join(field))
        records.append(record)
    if not records:
        raise ValueError("no header")
    return Table(records[0], records[1:])


def to_csv(table, separator=","):
    """CSV that `parse_csv` reads back."""

    def quote(value):
        shown = "" if value is None else str(value)
        if any(c in shown for c in (separator, '"', "\n", "\r")):
            return '"' + shown.replace('"', '""') + '"'
        return shown

    lines = [separator.join(quote(name) for name in table.columns)]
    for row in table.rows:
        lines.append(separator.join(quote(value) for value in row))
    return "\n".join(lines) + "\n"
