"""The signatures of lamina's functions, those of the extension too."""

import ast
import inspect


def signature_of(thing: object) -> inspect.Signature | None:
    """What inspect says, or else the first line of the docstring, where the extension writes it."""
    try:
        return inspect.signature(thing)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        pass
    line = (getattr(thing, "__doc__", None) or "").split("\n", 1)[0]
    if inspect.isclass(thing):
        line = (thing.__init__.__doc__ or "").split("\n", 1)[0]  # type: ignore[misc]
    try:
        definition = ast.parse(f"def {line}: ...").body[0]
    except SyntaxError:
        return None
    assert isinstance(definition, ast.FunctionDef)
    given = definition.args
    kinds = inspect.Parameter
    parameters = []
    first_default = len(given.args) - len(given.defaults)
    for i, a in enumerate(given.args):
        if i == 0 and a.arg == "self":
            continue
        default = kinds.empty
        if i >= first_default:
            default = _value(given.defaults[i - first_default])
        parameters.append(kinds(a.arg, kinds.POSITIONAL_OR_KEYWORD, default=default))
    if given.vararg:
        parameters.append(kinds(given.vararg.arg, kinds.VAR_POSITIONAL))
    for a, d in zip(given.kwonlyargs, given.kw_defaults):
        default = kinds.empty if d is None else _value(d)
        parameters.append(kinds(a.arg, kinds.KEYWORD_ONLY, default=default))
    if given.kwarg:
        parameters.append(kinds(given.kwarg.arg, kinds.VAR_KEYWORD))
    return inspect.Signature(parameters)


def _value(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def docstring_of(thing: object) -> str:
    """The docstring without the signature that the extension writes."""
    text = inspect.getdoc(thing) or ""
    name = getattr(thing, "__name__", "")
    first, _, rest = text.partition("\n")
    return rest.strip("\n") if name and first.startswith(f"{name}(") else text
