"""Arithmetic formulas: read, computed, written."""

import math
import operator

_BINARY = {
    "+": (1, operator.add),
    "-": (1, operator.sub),
    "*": (2, operator.mul),
    "/": (2, operator.truediv),
    "%": (2, operator.mod),
    "^": (4, operator.pow),
}
_FUNCTIONS = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "round": lambda x, digits=0: round(x, int(digits)),
}


class FormulaError(ValueError):
    """A formula that cannot be read or computed."""

    def __init__(self, message, at=None):
        super().__init__(message if at is None else f"{message} at {at + 1}")
        self.at = at


def tokens(text):
    """(kind, value, place) of each token: number, name, sign."""
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            at += 1
        elif char.isdigit() or (char == "." and text[at + 1:at + 2].isdigit()):
            end = at
            while end < len(text) and (text[end].isdigit() or text[end] == "."):
                end += 1
            number = text[at:end]
            if number.count(".") > 1:
                raise FormulaError(f"bad number {number!r}", at)
            yield "number", float(number) if "." in number else int(number), at
            at = end
        elif char.isalpha() or char == "_":
            end = at
            while end < len(text) and (text[end].isalnum() or text[end] == "_"):
                end += 1
            yield "name", text[at:end], at
            at = end
        elif char in "+-*/%^(),":
            yield "sign", char, at
            at += 1
        else:
            raise FormulaError(f"unexpected {char!r}", at)


class Parser:
    """Precedence climbing over tokens."""

    def __init__(self, text):
        self.tokens = list(tokens(text))
        self.length = len(text)
        self.at = 0

    def peek(self):
        """The next token, or an end marker."""
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return "end", "", self.length

    def take(self, value=None):
        """The next token, which must be `value` where one is given."""
        kind, found, place = self.peek()
        if value is not None and found != value:
            raise FormulaError(f"expected {value!r}", place)
        self.at += 1
        return kind, found, place

    def parse(self):
        """The whole formula as a tree."""
        tree = self.expression(0)
        kind, value, place = self.peek()
        if kind != "end":
            raise FormulaError(f"unexpected {value!r}", place)
        return tree

    def expression(self, least):
        """A tree of operators that bind at least so strongly."""
        left = self.unary()
        while True:
            kind, sign, _ = self.peek()
            if kind != "sign" or sign not in _BINARY or _BINARY[sign][0] < least:
                return left
            strength = _BINARY[sign][0]
            self.take()
            right = self.expression(strength if sign == "^" else strength + 1)
            left = ("binary", sign, left, right)

    def unary(self):
        """A signed operand."""
        kind, sign, _ = self.peek()
        if kind == "sign" and sign in "+-":
            self.take()
            inner = self.expression(3)
            return ("negative", inner) if sign == "-" else inner
        return self.operand()

    def operand(self):
        """A number, a name, a call, or a formula in brackets."""
        kind, value, place = self.take()
        if kind == "number":
            return ("number", value)
        if kind == "name":
            if self.peek()[1] != "(":
                return ("name", value)
            self.take("(")
            arguments = []
            if self.peek()[1] != ")":
                arguments.append(self.expression(0))
                while self.peek()[1] == ",":
                    self.take(",")
                    arguments.append(self.expression(0))
            self.take(")")
            return ("call", value, arguments)
        if value == "(":
            inner = self.expression(0)
            self.take(")")
            return inner
        raise FormulaError("a value is missing" if kind == "end" else f"unexpected {value!r}", place)


def compute(tree, names=None):
    """The value of a tree."""
    kind = tree[0]
    if kind == "number":
        return tree[1]
    if kind == "name":
        if names is None or tree[1] not in names:
            raise FormulaError(f"unknown name {tree[1]!r}")
        return names[tree[1]]
    if kind == "negative":
        return -compute(tree[1], names)
    if kind == "call":
        function = _FUNCTIONS.get(tree[1])
        if function is None:
            raise FormulaError(f"unknown function {tree[1]!r}")
        return function(*[compute(argument, names) for argument in tree[2]])
    _, sign, left, right = tree
    first, second = compute(left, names), compute(right, names)
    if sign in "/%" and second == 0:
        raise FormulaError("division by zero")
    return _BINARY[sign][1](first, second)


def evaluate(text, **names):
    """The value of a formula."""
    return compute(Parser(text).parse(), names)


def names_in(tree):
    """The names that a tree uses, sorted."""
    found = set()
    todo = [tree]
    while todo:
        node = todo.pop()
        if node[0] == "name":
            found.add(node[1])
        elif node[0] == "negative":
            todo.append(node[1])
        elif node[0] == "binary":
            todo.extend(node[2:])
        elif node[0] == "call":
            todo.extend(node[2])
    return sorted(found)


def sheet(cells):
    """Values of formulas that may name each other; raises FormulaError on a circle."""
    trees = {name: Parser(text).parse() for name, text in cells.items()}
    values = {}
    busy = []

    def value(name):
        if name in values:
            return values[name]
        if name in busy:
            raise FormulaError("circle: " + " -> ".join(busy[busy.index(name):] + [name]))
        if name not in trees:
            raise FormulaError(f"unknown name {name!r}")
        busy.append(name)
        needed = {other: value(other) for other in names_in(trees[name])}
        busy.pop()
        values[name] = compute(trees[name], needed)
        return values[name]

    for name in trees:
        value(name)
    return values
