"""What is passed to a call, and what a function takes."""

from collections.abc import Iterator, Sequence

import libcst as cst

from smith_lib.inject.nodes import call_name, last_comma_gone, same
from smith_lib.inject.operator import Context, operator

SYMMETRIC = frozenset(
    {"max", "min", "print", "isinstance", "set", "zip", "getattr", "hasattr", "setattr", "super"}
)
SIMPLE = cst.Name | cst.Attribute


@operator("logic_error", ("f(a, b)\n", "f(b, a)\n"), quiet="max(a, b)\n")
def swap_arguments(node: cst.Call) -> Iterator[cst.Call]:
    """The call with two neighbouring arguments swapped."""
    if call_name(node) in SYMMETRIC:
        return
    for at in range(len(node.args) - 1):
        one, two = node.args[at : at + 2]
        if one.keyword or two.keyword or one.star or two.star or same(one.value, two.value):
            continue
        if isinstance(one.value, SIMPLE) and isinstance(two.value, SIMPLE):
            args = list(node.args)
            args[at : at + 2] = [one.with_changes(value=two.value), two.with_changes(value=one.value)]
            yield node.with_changes(args=args)


def _kind(value: cst.BaseExpression) -> object:
    """What a value may be taken for: values of one kind are mixed up, others hardly."""
    if isinstance(value, cst.Name) and value.value in ("True", "False", "None"):
        return value.value == "None"
    return "name" if isinstance(value, SIMPLE | cst.Call) else type(value)


@operator("logic_error", ("f(a=x, b=y)\n", "f(a=y, b=x)\n"), quiet="f(a=[x], b='y')\n")
def swap_keyword_values(node: cst.Call) -> Iterator[cst.Call]:
    """The call with the values of two neighbouring keywords swapped."""
    for at in range(len(node.args) - 1):
        one, two = node.args[at : at + 2]
        if not one.keyword or not two.keyword or same(one.value, two.value):
            continue
        if _kind(one.value) == _kind(two.value):
            args = list(node.args)
            args[at : at + 2] = [one.with_changes(value=two.value), two.with_changes(value=one.value)]
            yield node.with_changes(args=args)


@operator("other", ("f(a, strict=b)\n", "f(a)\n"), quiet=("f(a)\n", "f(a=b)\n"))
def drop_keyword(node: cst.Call) -> Iterator[cst.Call]:
    """The call that forgets one of its keyword arguments."""
    for at, arg in enumerate(node.args if len(node.args) > 1 else ()):
        if arg.keyword is not None:
            left = [other for i, other in enumerate(node.args) if i != at]
            yield node.with_changes(args=last_comma_gone(left) if at == len(left) else left)


@operator("other", ("f(a, b, c)\n", "f(a, b)\n"), quiet="f(a)\n")
def drop_last_argument(node: cst.Call) -> Iterator[cst.Call]:
    """The call that forgets its last positional argument, which may have a default."""
    if (
        len(node.args) > 1
        and node.args[-1].keyword is None
        and not node.args[-1].star
        and isinstance(node.args[-1].value, SIMPLE | cst.Call)
        and call_name(node) not in SYMMETRIC
    ):
        yield node.with_changes(args=last_comma_gone(node.args[:-1]))


@operator(
    "other",
    [
        ("def f(a=True):\n    return a\n", "def f(a=False):\n    return a\n"),
        ("def f(a=1):\n    return a\n", "def f(a=0):\n    return a\n"),
    ],
)
def change_default(node: cst.Param) -> Iterator[cst.Param]:
    """The parameter with another default."""
    match node.default:
        case cst.Name(value="True" | "False" as value):
            yield node.with_changes(default=cst.Name("False" if value == "True" else "True"))
        case cst.Integer(value=digits) if digits.isdigit():
            yield node.with_changes(default=cst.Integer("0" if int(digits) == 1 else str(int(digits) + 1)))
        case cst.SimpleString() as text if len(text.raw_value) > 0 and text.quote in ("'", '"'):
            yield node.with_changes(default=text.with_changes(value=text.prefix + text.quote * 2))


@operator(
    "other",
    (
        "def f(a=None):\n    if a is None:\n        a = []\n    return a\n",
        "def f(a=[]):\n    if a is None:\n        a = []\n    return a\n",
    ),
)
def mutable_default(node: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    """The function whose default list or dict is shared by all calls."""
    body = list(node.body.body)
    for at, parameter in enumerate(node.params.params):
        if not (isinstance(parameter.default, cst.Name) and parameter.default.value == "None"):
            continue
        for statement in body[:4]:
            match statement:
                case cst.If(
                    test=cst.Comparison(
                        left=cst.Name(value=asked), comparisons=[cst.ComparisonTarget(operator=cst.Is())]
                    ),
                    body=cst.IndentedBlock(
                        body=[
                            cst.SimpleStatementLine(body=[cst.Assign(value=cst.List() | cst.Dict() as empty)])
                        ]
                    ),
                ) if asked == parameter.name.value and not empty.elements:
                    parameters = list(node.params.params)
                    parameters[at] = parameter.with_changes(default=empty)
                    yield node.with_changes(params=node.params.with_changes(params=parameters))


@operator("other", ("def f(*, a, b=1):\n    return a + b\n", "def f(a, b=1):\n    return a + b\n"))
def allow_positional(node: cst.Parameters, context: Context) -> Iterator[cst.Parameters]:
    """The function whose keyword-only parameters may be passed by position."""
    if isinstance(node.star_arg, cst.ParamStar) and not node.params and not node.posonly_params:
        yield node.with_changes(
            star_arg=cst.MaybeSentinel.DEFAULT, params=node.kwonly_params, kwonly_params=()
        )


@operator("other", ("x = sorted(a, key=k, reverse=True)\n", "x = sorted(a, key=k)\n"))
def change_sort(node: cst.Call) -> Iterator[cst.Call]:
    """The sorting in the other direction, or by the things themselves."""
    if call_name(node) in ("sorted", "sort", "groupby", "nlargest", "nsmallest"):
        for at, arg in enumerate(node.args):
            if arg.keyword is not None and arg.keyword.value in ("key", "reverse"):
                left = [other for i, other in enumerate(node.args) if i != at]
                yield node.with_changes(args=last_comma_gone(left) if at == len(left) else left)
        names = [arg.keyword.value for arg in node.args if arg.keyword]
        if "reverse" not in names and call_name(node) in ("sorted", "sort"):
            reverse = cst.Arg(cst.Name("True"), cst.Name("reverse"), equal=cst.AssignEqual(*_TIGHT))
            yield node.with_changes(args=[*_with_comma(node.args), reverse])


_TIGHT = (cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
_COMMA = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))


def _with_comma(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    return [*args[:-1], args[-1].with_changes(comma=_COMMA)] if args else []


@operator("other", ("f(*args, **kwargs)\n", "f(*args)\n"))
def drop_passed_on(node: cst.Call) -> Iterator[cst.Call]:
    """The call that no longer passes on the keyword arguments, or the positional ones."""
    for at, arg in enumerate(node.args):
        if arg.star and len(node.args) > 1 and call_name(node) != "format":
            left = [other for i, other in enumerate(node.args) if i != at]
            yield node.with_changes(args=last_comma_gone(left) if at == len(left) else left)
