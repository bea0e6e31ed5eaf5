"""Calls: builtins and string methods by meaning, functions of the library by walking into them."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from pathlib import PurePath
from typing import Any, Final

from miners.logic import FALSE, TRUE, Formula, Opaque, all_of, any_of, atom, negate, none_of
from miners.static.elements import Elements
from miners.static.evaluate import MOST_UNROLLED
from miners.static.neighbours import PAIRED, Pairs, is_paired, with_neighbours
from miners.static.operations import compare, instance_of, truth
from miners.static.reader import ClassSource, literal_members
from miners.static.state import State
from miners.static.terms import (
    CLASS_GIVEN,
    EXTREME,
    MACHINE,
    NONE,
    OF_FILES,
    PATH,
    RUN_TIME,
    Bool,
    Built,
    CallableTerm,
    Choice,
    ClassTerm,
    Computed,
    Const,
    Count,
    Field,
    Found,
    Given,
    Handler,
    Instance,
    Items,
    Selected,
    Super,
    Table,
    Term,
    Text,
    TypeOf,
    Unknown,
    Worklist,
    choose,
    depends_on_config,
    elements_of,
    map_cases,
    operand_of,
    over_cases,
    plain,
    subject_of,
    template_of,
)
from miners.static.texts import TESTS, FirstPiece, PieceCount, Pieces, TextLength
from miners.values import class_of
from pytest_llem_invariants.expressions import MISSING
from pytest_llem_invariants.predicates import OPERATORS

_SYSTEM: Final = frozenset({"os", "posix", "posixpath", "genericpath", "shutil", "glob", "socket", "importlib", "sys"})
"""Modules whose functions answer for the machine, whatever they are asked."""


def _is_of_the_system(function: Any) -> bool:
    return str(getattr(function, "__module__", "")).partition(".")[0] in _SYSTEM


class Calls(Elements):
    """What a call gives."""

    def call(self, node: ast.Call, state: State) -> Term:
        chained = self._context_call(node, state)
        if chained is not None:
            return chained
        if isinstance(node.func, ast.Name) and node.func.id in _TYPING_FUNCTIONS:
            return _TYPING_FUNCTIONS[node.func.id](self, node, state)
        if isinstance(node.func, ast.Name) and node.func.id not in state.env:
            builtin = getattr(self, f"_builtin_{node.func.id}", None)
            if builtin is not None and self.reader.lookup(self.frame.module, node.func.id) is None:
                found: Term = builtin(node, state)
                return found
        if isinstance(node.func, ast.Attribute):
            if _dotted(node.func) in _MODULE_FUNCTIONS:
                return _MODULE_FUNCTIONS[_dotted(node.func)](self, node, state)
            owner = self.term(node.func.value, state)
            return self._method(node, node.func, owner, state)
        return self._called(node, self.term(node.func, state), state)

    def _context_call(self, node: ast.Call, state: State) -> Term | None:
        chain = _dotted(node.func)
        if chain in ("os.environ.get", "os.environ.setdefault", "os.getenv") and node.args:
            name = self.term(node.args[0], state)
            return self.context.environment(str(name.value), self.place(node)) if isinstance(name, Const) else None
        root = chain.partition(".")[0]
        if not chain or root in state.env or "." not in chain:
            return None
        return self.context.read(chain, self.place(node))

    # --- functions of the library -----------------------------------------------------------------------------------

    def _called(self, node: ast.Call, target: Term, state: State) -> Term:
        if isinstance(target, Choice):
            return choose((guard, self._called(node, one, state)) for guard, one in target.cases)
        if isinstance(target, CallableTerm):
            args: list[Term] = []
            for argument in node.args:
                if isinstance(argument, ast.Starred):
                    inner = elements_of(self.term(argument.value, state), MOST_UNROLLED)
                    if inner is None:
                        return self.unknown(node, "call with unknown arguments")
                    args.extend(inner)
                else:
                    args.append(self.term(argument, state))
            keywords: dict[str, Term] = {}
            for keyword in node.keywords:
                value = self.term(keyword.value, state)
                if keyword.arg is not None:
                    keywords[keyword.arg] = value
                elif isinstance(value, Given):
                    keywords["**"] = value
            return self.invoke(target, args, keywords, state)
        if isinstance(target, Handler) and node.args:
            return self.term(node.args[0], state)
        given = self._evaluated_arguments(node, state)
        if isinstance(target, Const) and isinstance(target.value, type):
            return self._constructed(node, target.value, state)
        if isinstance(target, ClassTerm):
            return self._built(node, target.cls, state)
        if isinstance(target, Const) and literal_members(target.value) is not None:
            return self.unknown(node, "call of a type")
        of_config = any(depends_on_config(argument) for argument in given)
        if isinstance(target, Unknown) and not (of_config and target.shape == MACHINE):
            return Unknown(self.unknown(node, "").text, self.place(node), target.shape)
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in given):
            return self.unknown(node, RUN_TIME)
        asks_machine = isinstance(target, Const) and (not of_config or _is_of_the_system(target.value))
        return self.unknown(node, MACHINE if asks_machine else "call of an unknown function")

    def _evaluated_arguments(self, node: ast.Call, state: State) -> list[Term]:
        """Also for what happens on the way: a helper among the arguments may raise."""
        arguments = [argument for argument in node.args if not isinstance(argument, ast.Starred)]
        return [self.term(argument, state) for argument in (*arguments, *(k.value for k in node.keywords))]

    def _constructed(self, node: ast.Call, kind: type, state: State) -> Term:
        if issubclass(kind, Enum) and len(node.args) == 1:
            argument = self.term(node.args[0], state)
            if isinstance(argument, Const):
                return self._member(node, kind, argument.value)
            subject = subject_of(argument)
            if subject is not None:
                members = plain([member.value for member in kind])
                known = any_of((atom(subject, "in", members), atom(subject, "type_is", kind.__name__)))
                self.failures.append(negate(known))
                return argument
        if issubclass(kind, PurePath):
            return self.unknown(node, PATH)
        if _is_of_the_system(kind):
            return self.unknown(node, MACHINE)
        return self.unknown(node, "constructed object")

    def _member(self, node: ast.Call, kind: type[Enum], value: Any) -> Term:
        try:
            return Const(kind(value))
        except ValueError:
            return self.unknown(node, "no member of that value")

    def _built(self, node: ast.Call, cls: ClassSource, state: State) -> Term:
        if not any(facts.target == f"{cls.module}:{cls.qualname}" for facts in self.surface.values()):
            return Unknown(f"{cls.name}(…)", self.place(node), "constructed object")
        given = tuple((k.arg, self.term(k.value, state)) for k in node.keywords if k.arg is not None)
        spread = [self.term(k.value, state) for k in node.keywords if k.arg is None]
        whole = not node.args and not spread
        self._need_its_parts(node, cls, dict(given), state)
        return Built(cls, given, self.place(node), whole, spread[0] if len(spread) == 1 and not node.args else None)

    def _need_its_parts(self, node: ast.Call, cls: ClassSource, given: Mapping[str, Term], state: State) -> None:
        """What cannot be built without something of this machine, a model say, needs one for what it is given."""
        inner = next(one for one in self.surface.values() if one.target == f"{cls.module}:{cls.qualname}")
        if not self.context.is_of_run_time(f"{cls.module}.{cls.qualname}"):
            return
        for name in inner.base_kwargs:
            term = given.get(name, NONE)
            cases = term.cases if isinstance(term, Choice) else ((TRUE, term),)
            here = any_of(guard for guard, value in cases if self._is_given_here(value))
            needed = Opaque(f"{cls.name}({name}=…) is made", self.place(node), shape=RUN_TIME)
            state.path = (*state.path, any_of((here, needed)))

    def _is_given_here(self, term: Term) -> bool:
        """Whether the value is one that the SSOT gives every object of the class that has the field."""
        if not isinstance(term, Field):
            return False
        parent, _, name = term.path.rpartition(".")
        fact = self.fact(parent) if parent else None
        facts = (None if fact is None else class_of(fact, self.surface)) if parent else self.facts
        return facts is not None and name in facts.base_kwargs

    # --- methods ----------------------------------------------------------------------------------------------------

    def _method(self, node: ast.Call, func: ast.Attribute, owner: Term, state: State) -> Term:
        if isinstance(owner, Choice):
            return choose((guard, self._method(node, func, one, state)) for guard, one in owner.cases)
        name = func.attr
        if isinstance(owner, Unknown) and owner.shape == PATH and name in OF_FILES:
            return self.unknown(node, MACHINE)
        handler = getattr(self, f"_method_{name}", None)
        if handler is not None and not isinstance(owner, (Instance, Super, ClassTerm)):
            found: Term | None = handler(node, owner, state)
            if found is not None:
                return found
        if name in TESTS and subject_of(owner) is not None:
            return Bool(atom(subject_of(owner) or "", "matches", f"^{TESTS[name]}$"))
        if isinstance(owner, Const) and isinstance(owner.value, (str, tuple, list, dict)):
            return self._known_method(node, owner.value, name, state)
        return self._called(node, self.attribute(owner, name, func, state), state)

    def _known_method(self, node: ast.Call, value: Any, name: str, state: State) -> Term:
        args = [self.term(argument, state) for argument in node.args]
        if any(isinstance(argument, Unknown) and argument.shape == RUN_TIME for argument in args):
            return self.unknown(node, RUN_TIME)
        if node.keywords or not all(isinstance(argument, Const) for argument in args):
            return self.unknown(node, "method of a constant")
        try:
            return Const(getattr(value, name)(*(argument.value for argument in args if isinstance(argument, Const))))
        except Exception:  # the call may do anything with what it is given
            return self.unknown(node, "method of a constant")

    def _method_get(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not node.args:
            return None
        key = self.term(node.args[0], state)
        default = self.term(node.args[1], state) if len(node.args) > 1 else NONE
        if isinstance(owner, Given) and isinstance(key, Const) and isinstance(key.value, str):
            return self._given(owner.prefix + key.value, default)
        if isinstance(owner, Table):
            found = [(guard, value) for known, guard, value in owner.entries if known == key]
            return (
                choose([*found, (none_of(any_of(g for g, _ in found), "no such key"), default)]) if found else default
            )
        if isinstance(owner, Field):
            item = self.item(owner, key, node)
            if isinstance(item, Field):
                absent = atom(item.path, "absent")
                return item if default == NONE else choose(((negate(absent), item), (absent, default)))
        if isinstance(owner, Const) and isinstance(owner.value, dict):
            if isinstance(key, Const):
                found_value = owner.value.get(key.value, MISSING)
                return default if found_value is MISSING else Const(found_value)
            subject = subject_of(key)
            if subject is not None and len(owner.value) <= 8:
                known = [(atom(subject, "==", plain(name)), Const(value)) for name, value in owner.value.items()]
                rest = negate(any_of(guard for guard, _ in known))
                fallback = key if len(node.args) > 1 and ast.dump(node.args[0]) == ast.dump(node.args[1]) else default
                return choose([*known, (rest, fallback)])
        return None

    def _given(self, path: str, default: Term) -> Term:
        """A keyword argument read from the mapping of all of them. What it is when not given, the facts know."""
        fact = self.fact(path)
        if default == NONE or (fact is not None and fact.default is not MISSING):
            return Field(path)
        absent = atom(path, "absent")
        return choose(((negate(absent), Field(path)), (absent, default)))

    def _method_extend(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not isinstance(owner, Worklist) or len(node.args) != 1:
            return None
        owner.further.append((state.guard, self.term(node.args[0], state)))
        return NONE

    def _method_popleft(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return owner.current if isinstance(owner, Worklist) else None

    def _method_pop(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Worklist):
            return owner.current
        return self._method_get(node, owner, state) if isinstance(owner, (Given, Table)) else None

    def _method_setdefault(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._method_get(node, owner, state)

    def _method_keys(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._view(owner, "keys")

    def _method_values(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Table):
            return Items(tuple(value for _, _, value in owner.entries))
        return self._view(owner, "values")

    def _method_items(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Table):
            return Items(tuple(Items((key, value), tuple) for key, _, value in owner.entries))
        if isinstance(owner, Const) and isinstance(owner.value, dict):
            return Const(list(owner.value.items()))
        keys, values = self._view(owner, "keys"), self._view(owner, "values")
        return Items((keys, values), tuple) if keys is not None and values is not None else None

    def _view(self, owner: Term, which: str) -> Term | None:
        if isinstance(owner, Given):
            return owner
        if isinstance(owner, Table):
            return Items(tuple(key for key, _, _ in owner.entries))
        subject = subject_of(owner)
        return None if subject is None else Computed(f"{which}({subject})")

    def _method_startswith(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._affix(node, owner, state, lambda text: f"^{re.escape(text)}")

    def _method_endswith(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._affix(node, owner, state, lambda text: f"{re.escape(text)}$")

    def _affix(self, node: ast.Call, owner: Term, state: State, pattern: Callable[[str], str]) -> Term | None:
        subject = subject_of(owner)
        affix = self.term(node.args[0], state) if len(node.args) == 1 else NONE
        texts = elements_of(affix, MOST_UNROLLED) or [affix]
        if subject is None or not all(isinstance(text, Const) and isinstance(text.value, str) for text in texts):
            return None
        return Bool(any_of(atom(subject, "matches", pattern(t.value)) for t in texts if isinstance(t, Const)))

    def _method_split(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        args = [self.term(argument, state) for argument in node.args]
        if subject is None or node.keywords or not 1 <= len(args) <= 2 or "each(" in subject:
            return None
        separator, most = args[0], args[1] if len(args) == 2 else NONE
        known = isinstance(separator, Const) and isinstance(separator.value, str) and separator.value
        if not known or not isinstance(separator, Const) or not isinstance(most, Const):
            return None
        return Pieces(subject, separator.value, most.value if isinstance(most.value, int) and most.value >= 0 else None)

    def _method_lower(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, FirstPiece):
            return owner.lowered
        subject = subject_of(owner)
        return None if subject is None else Computed(f"lower({subject})")

    def _method_strip(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        return None if subject is None or node.args else Computed(f"strip({subject})")

    def _method_upper(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        subject = subject_of(owner)
        return None if subject is None else Computed(f"upper({subject})")

    def _method_format(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not (isinstance(owner, Text) or (isinstance(owner, Const) and isinstance(owner.value, str))):
            return None
        template = owner.template if isinstance(owner, Text) else str(owner.value)
        named = {k.arg: (self.term(k.value, state), ast.unparse(k.value)) for k in node.keywords if k.arg}
        placed = [(self.term(argument, state), ast.unparse(argument)) for argument in node.args]
        counter = iter(placed)

        def fill(match: re.Match[str]) -> str:
            name = match.group(1)
            found = named.get(name) if not name.isdigit() else placed[int(name)] if int(name) < len(placed) else None
            found = next(counter, None) if name == "" else found
            return match.group() if found is None else template_of(*found)

        return Text(re.sub(r"(?<!\{)\{([^{}!:.\[]*)[^{}]*\}(?!\})", fill, template))

    def _method_join(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return Text("{}") if isinstance(owner, (Const, Text)) else None

    def _of_pattern(self, node: ast.Call, owner: Term, state: State, how: str) -> Term | None:
        subject = subject_of(self.term(node.args[0], state)) if len(node.args) == 1 else None
        text = None if isinstance(owner, Const) and isinstance(owner.value, str) else _pattern_of(owner)
        return None if subject is None or text is None else _match_or_none(subject, text, how)

    def _method_match(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "match")

    def _method_fullmatch(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "fullmatch")

    def _method_search(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        return self._of_pattern(node, owner, state, "search")

    def _method_append(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Name) or not node.args:
            return None
        value = self.term(node.args[0], state)
        if isinstance(owner, Items):
            table = Table([(Const(index), TRUE, item) for index, item in enumerate(owner.items)])
            state.env[node.func.value.id] = owner = table
        if isinstance(owner, Table):
            owner.entries.append((Const(len(owner.entries)), self.relative(state), value))
            return NONE
        return None

    _method_add = _method_append

    def relative(self, state: State) -> Formula:
        return state.guard

    def _method_issubset(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        inner, outer = subject_of(owner), self.term(node.args[0], state) if node.args else NONE
        values = elements_of(outer, MOST_UNROLLED)
        if inner is None or values is None or not all(isinstance(value, Const) for value in values):
            return None
        outside = atom(f"each({inner})", "not_in", [plain(v.value) for v in values if isinstance(v, Const)])
        return Bool(none_of(outside, ast.unparse(node), self.place(node)))

    def _method_count(self, node: ast.Call, owner: Term, state: State) -> Term | None:
        if isinstance(owner, Items) and node.args:
            wanted = self.term(node.args[0], state)
            text = ast.unparse(node)
            return Count(tuple(compare("==", item, wanted, text, self.place(node)) for item in owner.items))
        return None

    # --- builtins ---------------------------------------------------------------------------------------------------

    def _builtin_len(self, node: ast.Call, state: State) -> Term:
        return map_cases(self.term(node.args[0], state), lambda term: self._length(term, node))

    def _length(self, term: Term, node: ast.Call) -> Term:
        match term:
            case Items(items=items):
                return Const(len(items))
            case Table(entries=entries):
                return Count(tuple(guard for _, guard, _ in entries))
            case Const(value=value) if hasattr(value, "__len__"):
                return Const(len(value))
            case Selected(exists=exists):
                return Count((exists,))
            case Pieces():
                return PieceCount(term)
            case FirstPiece():
                return term.length
            case Field(path=path) if path in self.text_elements:
                return TextLength(path)
            case Field() | Computed() if not (subject_of(term) or "").startswith("each("):
                return Computed(f"len({subject_of(term)})")
            case _:
                return term if isinstance(term, Unknown) else self.unknown(node, "length")

    def _builtin_isinstance(self, node: ast.Call, state: State) -> Term:
        subject, kind = (self.term(argument, state) for argument in node.args)
        return Bool(self._instance(subject, kind, node))

    def _instance(self, subject: Term, kind: Term, node: ast.Call) -> Formula:
        return instance_of(subject, kind, ast.unparse(node), self.place(node))

    def _builtin_issubclass(self, node: ast.Call, state: State) -> Term:
        """A class is no value of a file; where the config gives one, nothing can be said of it."""
        term = self.term(node.args[0], state)
        if isinstance(term, Unknown):
            return Unknown(self.unknown(node, "").text, term.place, term.shape)
        given = [value for _, value in term.cases] if isinstance(term, Choice) else [term]
        is_given = any(subject_of(value) is not None for value in given)
        return self.unknown(node, CLASS_GIVEN if is_given else "issubclass")

    def _builtin_callable(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.term(node.args[0], state))
        return self.unknown(node, "callable") if subject is None else Bool(atom(subject, "type_is", "callable"))

    def _builtin_bool(self, node: ast.Call, state: State) -> Term:
        return Bool(self.condition(node.args[0], state)) if node.args else Const(False)

    def _converted(self, node: ast.Call, state: State, kind: type) -> Term:
        if len(node.args) != 1:
            return self.unknown(node, "conversion")
        term = self.term(node.args[0], state)
        if isinstance(term, Const):
            try:
                return Const(kind(term.value))
            except Exception:
                return self.unknown(node, "conversion")
        if isinstance(term, Bool):
            return Count((term.formula,))
        fact = self.fact(term.path) if isinstance(term, Field) else None
        numeric = isinstance(term, Computed) or (
            fact is not None and set(fact.types) <= {"int", "float", "none"} and fact.types
        )
        if numeric and (kind is float or fact is None or "float" not in fact.types):
            return term
        return term if isinstance(term, Unknown) else self.unknown(node, "conversion")

    def _builtin_int(self, node: ast.Call, state: State) -> Term:
        return self._converted(node, state, int)

    def _builtin_float(self, node: ast.Call, state: State) -> Term:
        return self._converted(node, state, float)

    def _builtin_str(self, node: ast.Call, state: State) -> Term:
        if not node.args:
            return Const("")
        term = self.term(node.args[0], state)
        fact = self.fact(term.path) if isinstance(term, Field) else None
        if fact is not None and fact.types in (("str",), ("str", "none")):
            return term
        return Text(template_of(term, ast.unparse(node.args[0])))

    _builtin_repr = _builtin_str

    def _collected(self, node: ast.Call, state: State) -> Term:
        """`list(x)`, `tuple(x)`, `sorted(x)`: the same elements."""
        if not node.args:
            return Items(())
        if isinstance(node.args[0], ast.GeneratorExp):
            return self.comprehension(node.args[0], state)
        term = self.term(node.args[0], state)
        known = elements_of(term, MOST_UNROLLED)
        return Items(tuple(known)) if known is not None and not isinstance(term, Table) else term

    _builtin_list = _collected
    _builtin_tuple = _collected
    _builtin_sorted = _collected
    _builtin_iter = _collected
    _builtin_reversed = _collected

    def _builtin_set(self, node: ast.Call, state: State) -> Term:
        term = self._collected(node, state)
        subject = subject_of(term)
        return Computed(f"distinct({subject})") if subject is not None and "(" not in subject else term

    _builtin_frozenset = _builtin_set

    def _builtin_dict(self, node: ast.Call, state: State) -> Term:
        if not node.args:
            table = Table()
            for keyword in node.keywords:
                if keyword.arg is None:
                    return self.unknown(node, "dict display with an unknown part")
                table.entries.append((Const(keyword.arg), TRUE, self.term(keyword.value, state)))
            return table
        return self.term(node.args[0], state)

    def _builtin_range(self, node: ast.Call, state: State) -> Term:
        bounds = [self.term(argument, state) for argument in node.args]
        if all(isinstance(bound, Const) and isinstance(bound.value, int) for bound in bounds):
            return Const(range(*(bound.value for bound in bounds if isinstance(bound, Const))))
        return self.unknown(node, "range")

    def _builtin_enumerate(self, node: ast.Call, state: State) -> Term:
        term = self.term(node.args[0], state)
        known = elements_of(term, MOST_UNROLLED)
        if known is not None:
            return Items(tuple(Items((Const(i), item), tuple) for i, item in enumerate(known)))
        return (
            Items((self.unknown(node, "index"), term), tuple)
            if subject_of(term) is not None
            else self.unknown(node, "enumerate")
        )

    def _builtin_zip(self, node: ast.Call, state: State) -> Term:
        if len(node.args) == 2 and is_paired(*node.args):
            return _neighbours(self, node, state)
        terms = [self.term(argument, state) for argument in node.args]
        if len(terms) == 2 and all(subject_of(term) is not None for term in terms):
            return Items(tuple(terms), tuple)
        known = [elements_of(term, MOST_UNROLLED) for term in terms]
        if all(one is not None for one in known):
            rows = zip(*(one for one in known if one is not None), strict=False)
            return Items(tuple(Items(tuple(row), tuple) for row in rows))
        return self.unknown(node, "zip")

    def _builtin_any(self, node: ast.Call, state: State) -> Term:
        return self._quantified(node, state, exists=True)

    def _builtin_all(self, node: ast.Call, state: State) -> Term:
        return self._quantified(node, state, exists=False)

    def _quantified(self, node: ast.Call, state: State, *, exists: bool) -> Term:
        (argument,) = node.args
        sign = (lambda formula: formula) if exists else negate
        if isinstance(argument, (ast.GeneratorExp, ast.ListComp, ast.SetComp)):
            if len(argument.generators) != 1:
                return self.unknown(node, "nested comprehension")
            argument = with_neighbours(argument)
            generator = argument.generators[0]
            inner = state.entered(dict(state.env))

            def question(within: State) -> Formula:
                kept = all_of(self.condition(test, within) for test in generator.ifs)
                return all_of((kept, sign(self.condition(argument.elt, within))))

            collection = self.term(generator.iter, state)
            found: Term = self.over_elements(collection, generator.target, inner, generator.iter, question)
        else:
            term = self.term(argument, state)
            known = elements_of(term, MOST_UNROLLED)
            if isinstance(term, Table):
                known = [value for _, _, value in term.entries]
            text, place = ast.unparse(node), self.place(node)
            if known is not None:
                found = Selected(any_of(sign(truth(item, text, place)) for item in known))
            elif subject_of(term) is not None:
                found = Selected(
                    sign(atom(f"each({subject_of(term)})", "truthy"))
                    if exists
                    else atom(f"each({subject_of(term)})", "falsy")
                )
            else:
                found = self.unknown(node, "any or all of an unknown collection")
        if not isinstance(found, Selected):
            return found
        return Bool(found.exists if exists else self._for_all(found.exists, node))

    def _for_all(self, counterexample: Formula, node: ast.Call) -> Formula:
        if "each(" not in repr(counterexample):
            return negate(counterexample)
        return none_of(counterexample, ast.unparse(node), self.place(node))

    def _builtin_sum(self, node: ast.Call, state: State) -> Term:
        (argument, *_) = node.args
        term = self.term(argument, state)
        text, place = ast.unparse(node), self.place(node)
        if isinstance(argument, ast.GeneratorExp) and isinstance(term, Table):
            return Count(tuple(guard for _, guard, _ in term.entries))
        known = elements_of(term, MOST_UNROLLED)
        if known is None:
            subject = subject_of(term)
            return Computed(f"sum({subject})") if subject is not None else self.unknown(node, "sum")
        if all(isinstance(item, Bool) or self._is_flag(item) for item in known):
            return Count(tuple(truth(item, text, place) for item in known))
        operands = [operand_of(item) for item in known]
        if operands and None not in operands:
            return Computed(" + ".join(operand for operand in operands if operand is not None))
        return self.unknown(node, "sum")

    def _is_flag(self, term: Term) -> bool:
        fact = self.fact(term.path) if isinstance(term, Field) else None
        return fact is not None and set(fact.types) <= {"bool", "none"} and "bool" in fact.types

    def _extreme(self, node: ast.Call, state: State, name: str) -> Term:
        terms = [self.term(argument, state) for argument in node.args if not isinstance(argument, ast.Starred)]
        if len(terms) == 1:
            terms = list(elements_of(terms[0], MOST_UNROLLED) or terms)
        return self._extreme_of(node, terms, name)

    def _extreme_of(self, node: ast.Call, terms: Sequence[Term], name: str) -> Term:
        for index, several in enumerate(terms):
            if isinstance(several, Choice) and not node.keywords:
                return choose(
                    (guard, self._extreme_of(node, (*terms[:index], one, *terms[index + 1 :]), name))
                    for guard, one in several.cases
                )
        operands = [operand_of(term) for term in terms]
        if node.keywords or not operands or None in operands:
            known = next((term for term in terms if isinstance(term, Unknown)), None)
            return known or self.unknown(node, name if len(terms) == 1 else EXTREME)
        if all(isinstance(term, Const) for term in terms) and len(terms) > 1:
            values = [term.value for term in terms if isinstance(term, Const)]
            return Const(max(values) if name == "max" else min(values))
        return Computed(f"{name}({', '.join(operand for operand in operands if operand is not None)})")

    def _builtin_max(self, node: ast.Call, state: State) -> Term:
        return self._extreme(node, state, "max")

    def _builtin_min(self, node: ast.Call, state: State) -> Term:
        return self._extreme(node, state, "min")

    def _builtin_abs(self, node: ast.Call, state: State) -> Term:
        subject = subject_of(self.term(node.args[0], state))
        return self.unknown(node, "abs") if subject is None else Computed(f"abs({subject})")

    def _builtin_type(self, node: ast.Call, state: State) -> Term:
        return TypeOf(self.term(node.args[0], state)) if len(node.args) == 1 else self.unknown(node, "type")

    def _builtin_getattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.term(node.args[0], state), self.term(node.args[1], state)
        if isinstance(owner, Unknown):
            return Unknown(self.unknown(node, "").text, owner.place, owner.shape)
        if not isinstance(name, Const) or not isinstance(name.value, str):
            return self.unknown(node, "getattr of an unknown name")
        default = self.term(node.args[2], state) if len(node.args) > 2 else None
        found = map_cases(owner, lambda one: self.attribute(one, name.value, node, state))
        if default is not None and isinstance(found, Unknown) and isinstance(owner, Instance):
            return default
        return found

    def _builtin_hasattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.term(node.args[0], state), self.term(node.args[1], state)
        if isinstance(owner, Unknown):
            return Unknown(self.unknown(node, "").text, owner.place, owner.shape)
        if not isinstance(owner, Instance) or not isinstance(name, Const):
            return self.unknown(node, "hasattr")
        path = f"{owner.prefix}{name.value}"
        if path in state.fields or self.fact(path) or self.reader.attribute(owner.cls, str(name.value)) is not None:
            return Const(True)
        if self.facts.accepts_extra and not owner.prefix:
            return Bool(atom(path, "present"))
        return Const(False)

    def _builtin_super(self, node: ast.Call, state: State) -> Term:
        owner = state.env.get("__class__")
        instance = state.env.get("__self__")
        if isinstance(owner, ClassTerm) and instance is not None:
            return Super(instance, owner.cls)
        return self.unknown(node, "super")

    def _builtin_vars(self, node: ast.Call, state: State) -> Term:
        return self.unknown(node, "vars")

    def _builtin_setattr(self, node: ast.Call, state: State) -> Term:
        owner, name = self.term(node.args[0], state), self.term(node.args[1], state)
        if isinstance(owner, Instance) and isinstance(name, Const):
            state.fields[f"{owner.prefix}{name.value}"] = self.term(node.args[2], state)
        return NONE


def _finite(calls: Calls, node: ast.Call, state: State) -> Term:
    def question(term: Term) -> Formula:
        subject = subject_of(term)
        if subject is None:
            return _of_test(term, math.isfinite, calls, node)
        return all_of((atom(subject, ">", -math.inf), atom(subject, "<", math.inf)))

    return Bool(over_cases(calls.term(node.args[0], state), question))


def _infinite(calls: Calls, node: ast.Call, state: State) -> Term:
    subject = subject_of(calls.term(node.args[0], state))
    return calls.unknown(node, "isinf") if subject is None else Bool(atom(subject, "in", [math.inf, -math.inf]))


def _nan(calls: Calls, node: ast.Call, state: State) -> Term:
    subject = subject_of(calls.term(node.args[0], state))
    return calls.unknown(node, "isnan") if subject is None else Bool(atom(subject, "!=", f"@{subject}"))


def _of_test(term: Term, test: Callable[[Any], bool], calls: Calls, node: ast.Call) -> Formula:
    if isinstance(term, Const) and isinstance(term.value, (int, float)):
        return TRUE if test(term.value) else FALSE
    return truth(calls.unknown(node, "test of an unknown value"), ast.unparse(node), calls.place(node))


_WRAPS: Final = {"match": "^(?:{})", "fullmatch": r"\A(?:{})\Z", "search": "{}"}
_FLAGS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s", re.VERBOSE: "x", re.ASCII: "a"}


def _pattern_of(term: Term) -> str | None:
    """A regular expression as text, the flags it was compiled with in front; whichever package compiled it."""
    value = term.value if isinstance(term, Const) else None
    if isinstance(value, str):
        return value
    text, compiled = getattr(value, "pattern", None), getattr(value, "flags", None)
    if not isinstance(text, str) or not isinstance(compiled, int) or not OPERATORS["matches"].accepts(text):
        return None
    flags = "".join(letter for flag, letter in _FLAGS.items() if compiled & flag)
    return f"(?{flags}:{text})" if flags else text


def _match_or_none(subject: str, text: str, how: str) -> Term:
    matches = atom(subject, "matches", _WRAPS[how].format(text))
    return choose(((matches, Found()), (negate(matches), NONE)))


def _matched(how: str) -> Callable[[Calls, ast.Call, State], Term]:
    def call(calls: Calls, node: ast.Call, state: State) -> Term:
        pattern, *rest = (calls.term(argument, state) for argument in node.args)
        subject, text = subject_of(rest[0]) if rest else None, _pattern_of(pattern)
        if subject is None or text is None:
            return calls.unknown(node, "regular expression")
        return _match_or_none(subject, text, how)

    return call


def _deduplicated(calls: Calls, node: ast.Call, state: State) -> Term:
    term = calls.term(node.args[0], state)
    subject = subject_of(term)
    return term if subject is None else Computed(f"distinct({subject})")


def _literal_arguments(calls: Calls, node: ast.Call, state: State) -> Term:
    term = calls.term(node.args[0], state)
    members = literal_members(term.value) if isinstance(term, Const) else None
    return calls.unknown(node, "get_args") if members is None else Const(members)


def _neighbours(calls: Calls, node: ast.Call, state: State) -> Term:
    def paired(term: Term) -> Term:
        subject = subject_of(term)
        return calls.unknown(node, "neighbours") if subject is None else Pairs(subject)

    return map_cases(calls.term(node.args[0], state), paired)


def _as_mapping(calls: Calls, node: ast.Call, state: State) -> Term:
    """The fields of an object by their names, each as the object holds it."""

    def fields(term: Term) -> Term:
        owner = calls.instance_at(term.path) if isinstance(term, Field) else term
        cls = owner.cls if isinstance(owner, (Instance, Built)) else None
        facts = None if cls is None else calls.facts_of(cls)
        if facts is None:
            return term if isinstance(term, Unknown) else calls.unknown(node, "fields of an unknown object")
        return Table([(Const(name), TRUE, calls.attribute(term, name, node, state)) for name in facts.fields])

    return map_cases(calls.term(node.args[0], state), fields)


def _cast(calls: Calls, node: ast.Call, state: State) -> Term:
    return calls.term(node.args[1], state)


def _copied(calls: Calls, node: ast.Call, state: State) -> Term:
    """A copy holds what it is a copy of."""

    def copied(term: Term) -> Term:
        instance = calls.instance_at(term.path) if isinstance(term, Field) else term
        return Built(instance.cls, (), calls.place(node), of=term) if isinstance(instance, Instance) else term

    return map_cases(calls.term(node.args[0], state), copied)


_MODULE_FUNCTIONS: Final[dict[str, Callable[[Calls, ast.Call, State], Term]]] = {
    "math.isfinite": _finite,
    "math.isinf": _infinite,
    "math.isnan": _nan,
    **{f"re.{how}": _matched(how) for how in _WRAPS},
    "dict.fromkeys": _deduplicated,
    "typing.get_args": _literal_arguments,
    "typing.cast": _cast,
    "itertools.pairwise": _neighbours,
    "dataclasses.asdict": _as_mapping,
    "copy.copy": _copied,
    "copy.deepcopy": _copied,
}


_TYPING_FUNCTIONS: Final[dict[str, Callable[[Calls, ast.Call, State], Term]]] = {
    "get_args": _literal_arguments,
    "cast": _cast,
    "asdict": _as_mapping,
    PAIRED: _neighbours,
}


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""
