_smith_state = {"mode": None, "calls": 0, "due": 0, "steps": 400_000, "differs": False}


def _smith_both(wrong):
    """A decorator: the function fails from then on, once `wrong` has done anything else in its place.

    This text is put above a function of a module under test. Both are run on copies of what the function is
    called with, and with one plain value in it a little changed, for a bounded number of steps; what they
    return, raise and leave of their arguments is compared. What the caller gets is the function's own.
    """
    import contextlib
    import copy
    import dis
    import enum
    import functools
    import inspect
    import itertools
    import random
    import sys
    import types

    calls_each, changed_each, steps_each, nodes_each = 40, 24, 20_000, 4_000
    plain = (str, bytes, bytearray, int, float, complex)
    opaque = (type, types.ModuleType, types.FunctionType, types.MethodType)
    copying = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__deepcopy__")
    state = _smith_state

    class TooLong(BaseException):
        pass

    class Differs(BaseException):
        pass

    def held_by(value):
        """The attributes of an object with what they hold."""
        held = dict(getattr(value, "__dict__", {}))
        for kind in type(value).__mro__:
            slots = kind.__dict__.get("__slots__", ())
            for name in (slots,) if isinstance(slots, str) else slots:
                if hasattr(value, name):
                    held[name] = getattr(value, name)
        return held

    def copied(value, memo):
        """A deep copy, also of frozen objects with slots, which `copy` refuses."""
        kind = type(value)
        if value is None or isinstance(value, (str, bytes, int, float, complex, enum.Enum, *opaque)):
            return value
        if id(value) in memo:
            return memo[id(value)]
        memo.setdefault("held", []).append(value)  # so that no other takes its id
        if kind is tuple:
            made = tuple(copied(item, memo) for item in value)
        elif kind in (list, set, bytearray):
            made = memo[id(value)] = kind()
            add = made.add if kind is set else made.append
            for item in value:
                add(copied(item, memo))
        elif kind is dict:
            made = memo[id(value)] = {}
            for key, item in value.items():
                made[copied(key, memo)] = copied(item, memo)
        else:
            made = None
            if all(getattr(kind, name, None) is getattr(object, name, None) for name in copying):
                with contextlib.suppress(TypeError):  # of a kind that is written in C
                    made = memo[id(value)] = object.__new__(kind)
            if made is None:
                made = copy.deepcopy(value, memo)
            else:
                for name, held in held_by(value).items():
                    object.__setattr__(made, name, copied(held, memo))
        memo[id(value)] = made
        return made

    def bounded(function, *args):
        """What the call gives, within so many lines of Python; raises `TooLong`."""
        left = min(steps_each, state["steps"])

        def trace(frame, event, argument):
            nonlocal left
            left -= 1
            state["steps"] -= 1
            if left < 0:
                raise TooLong
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            return function(*args)
        finally:
            sys.settrace(before)
            state["mode"] = None

    def told(mode, function, signature, arguments):
        """How a call ends, with what, and what is left of its arguments."""
        bound = inspect.BoundArguments(signature, arguments)
        state["mode"] = mode
        try:
            value = function(*bound.args, **bound.kwargs)
            if isinstance(value, types.GeneratorType):
                value = list(itertools.islice(value, 1000))
        except Exception as error:
            last = error.__traceback__
            while last.tb_next is not None:
                last = last.tb_next
            code = last.tb_frame.f_code
            meant = dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS" and code is function.__code__
            return "refused" if meant else "raised", type(error), arguments
        finally:
            state["mode"] = None
        return "returned", value, arguments

    def same(one, other, depth, left):
        left[0] -= 1
        if one is other or depth == 0 or left[0] < 0:
            return True
        if type(one) is not type(other):
            return False
        if isinstance(one, type):
            return one.__qualname__ == other.__qualname__
        if isinstance(one, plain):
            return one == other or (one != one and other != other)
        if isinstance(one, (list, tuple, dict, set, frozenset)) and len(one) != len(other):
            return False
        pairs = []
        if isinstance(one, (list, tuple)):
            pairs = list(zip(one, other))
        elif isinstance(one, dict):
            keys = [key for key in one if isinstance(key, plain)]
            if any(key not in other for key in keys):
                return False
            pairs = [(one[key], other[key]) for key in keys]
        elif isinstance(one, (set, frozenset)) and all(isinstance(item, plain) for item in one):
            return one == other
        if not isinstance(one, opaque):
            mine, its = held_by(one), held_by(other)
            if mine.keys() != its.keys():
                return False
            pairs += [(mine[name], its[name]) for name in mine]
        return all(same(a, b, depth - 1, left) for a, b in pairs)

    def near(value, constants):
        """Plain values that lie near one."""
        kind = type(value)
        others = [constant for constant in constants if type(constant) is kind]
        if kind is bool:
            return [not value]
        if kind is int:
            return [value + 1, value - 1, 0, *others]
        if kind in (str, bytes, list, tuple):
            return [*others, value[:0], value[:-1], value + value[-1:], value[:1] + value]
        return [{}] if kind is dict else []

    def changes(arguments, constants, names):
        """Which arguments, or attributes of theirs that the code names, may be something else, and what."""
        for name, value in arguments.items():
            for other in near(value, constants):
                yield name, None, other
            if not isinstance(value, (*plain, *opaque)):
                for attribute, held in held_by(value).items():
                    for other in near(held, constants) if attribute in names else ():
                        yield name, attribute, other

    def changed(arguments, name, attribute, other):
        if attribute is not None:
            made = object.__new__(type(arguments[name]))
            for inner, held in held_by(arguments[name]).items():
                object.__setattr__(made, inner, other if inner == attribute else held)
            other = made
        return {**arguments, name: other}

    def names_in(code):
        yield from code.co_names
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from names_in(constant)

    def constants_of(code):
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from constants_of(constant)
            elif isinstance(constant, (str, bytes, int)):
                yield constant

    def decorate(clean):

        def differ(signature, arguments, at_all):
            """Whether they do other things with copies; if the clean one fails, only `at_all` or meant."""
            right = told("clean", clean, signature, copied(arguments, {}))
            if right[0] == "raised" and not at_all:
                return False
            return not same(right, told("wrong", wrong, signature, copied(arguments, {})), 7, [nodes_each])

        def any_differ(args, kwargs):
            try:
                signature = inspect.signature(clean)
                arguments = dict(signature.bind(*args, **kwargs).arguments)
                if bounded(differ, signature, arguments, True):
                    return True
                codes = clean.__code__, wrong.__code__
                constants = list(dict.fromkeys(c for code in codes for c in constants_of(code)))
                names = {name for code in codes for name in names_in(code)}
                found = list(changes(arguments, constants, names))
                random.Random(state["calls"]).shuffle(found)
                for change in found[:changed_each]:
                    try:
                        if bounded(differ, signature, changed(arguments, *change), False):
                            return True
                    except TooLong:
                        continue
            except (Exception, TooLong):
                pass
            return False

        @functools.wraps(clean)
        def function(*args, **kwargs):
            if state["mode"] is not None:
                return (wrong if state["mode"] == "wrong" else clean)(*args, **kwargs)
            state["calls"] += 1
            if not state["differs"] and state["calls"] > state["due"] and state["steps"] > 0:
                state["due"] = state["calls"] + state["calls"] // calls_each
                state["differs"] = any_differ(args, kwargs)
            if state["differs"]:
                raise Differs
            return clean(*args, **kwargs)

        return function

    return decorate
