"""Rewriting of functions: malt's passes with Floe's operators."""

import ast
import importlib.util  # noqa: F401  malt uses it without importing it
import types

from malt.converters import (
    break_statements,
    call_trees,
    conditional_expressions,
    continue_statements,
    control_flow,
    directives,
    functions,
    lists,
    logical_expressions,
    return_statements,
    slices,
    variables,
)
from malt.core import converter, unsupported_features_checker
from malt.lang import directives as malt_directives
from malt.pyct import anno, cfg, origin_info, qual_names, templates, transpiler
from malt.pyct.static_analysis import activity, reaching_definitions

from . import locations
from .directives import set_loop_options
from .options import Feature


class _Asserts(converter.Base):
    """`assert test, message` with any message."""

    def visit_Assert(self, node):
        self.generic_visit(node)
        message = node.msg if node.msg is not None else templates.replace_as_expression("None")
        return templates.replace("ag__.assert_stmt(test, lambda: message)", test=node.test, message=message)


class _Handlers(ast.NodeTransformer):
    """`except E as e` with `e = ag__.caught()`: malt's analysis knows assignments only."""

    def visit_ExceptHandler(self, node):
        self.generic_visit(node)
        if node.name is not None:
            assign = templates.replace("name = ag__.caught()", name=node.name)
            origin_info.copy_origin(node, assign)
            node.name, node.body = None, [*assign, *node.body]
        return node


class _MarkedBreaks(ast.NodeTransformer):
    """`flag = False` in front of the `break`s of one loop."""

    def __init__(self, flag):
        self.flag = flag
        self.found = False

    def visit_Break(self, node):
        self.found = True
        assign = templates.replace("flag = False", flag=self.flag)
        origin_info.copy_origin(node, assign)
        return [*assign, node]

    def skip(self, node):
        return node

    visit_For = visit_While = visit_FunctionDef = visit_Lambda = visit_ClassDef = skip


class _LoopElse(ast.NodeTransformer):
    """`else` after a loop as an `if` behind it."""

    def __init__(self, namer):
        self.namer = namer

    def visit_loop(self, node):
        self.generic_visit(node)
        if not node.orelse:
            return node
        orelse, node.orelse = node.orelse, []
        flag = self.namer.new_symbol("completed", ())
        breaks = _MarkedBreaks(flag)
        node.body = [n for b in node.body for n in _as_list(breaks.visit(b))]
        if not breaks.found:
            return [node, *orelse]
        before = templates.replace("flag = True", flag=flag)
        after = templates.replace("if flag:\n  orelse", flag=flag, orelse=orelse)
        origin_info.copy_origin(node, before)
        anno.setanno(after[0], anno.Basic.ORIGIN, anno.getanno(node, anno.Basic.ORIGIN, default=None))
        return [*before, node, *after]

    visit_For = visit_While = visit_loop


def _as_list(nodes):
    return nodes if isinstance(nodes, list) else [nodes]


class _Ternaries(conditional_expressions.ConditionalExpressionTransformer):
    """Conditional expressions, also inside of each other."""

    def visit_IfExp(self, node):
        return super().visit_IfExp(self.generic_visit(node))


class _Directives(directives.DirectivesTransformer):
    """Knows Floe's set_loop_options."""

    def visit_Name(self, node):
        return self._known(super().visit_Name(node))

    def visit_Attribute(self, node):
        return self._known(super().visit_Attribute(node))

    def _known(self, node):
        if anno.getanno(node, directives.STATIC_VALUE, default=None) is set_loop_options:
            anno.setanno(node, directives.STATIC_VALUE, malt_directives.set_loop_options)
        return node


class Transpiler(transpiler.PyToPy):
    """Functions in, functions that call Floe's operators out; cached by code object."""

    def __init__(self):
        super().__init__()
        self._operators = None

    def get_transformed_name(self, node):
        return "tf__" + super().get_transformed_name(node)

    def get_extra_locals(self):
        if self._operators is None:
            from . import operators

            module = types.ModuleType("ag__")
            module.__dict__.update(operators.table())
            self._operators = module
        return {"ag__": self._operators}

    def get_caching_key(self, context):
        return context.options

    def transform_ast(self, node, ctx):
        node = _LoopElse(ctx.namer).visit(_Handlers().visit(node))
        unsupported_features_checker.verify(node)
        graphs = cfg.build(node)
        node = qual_names.resolve(node)
        node = activity.resolve(node, ctx, None)
        node = reaching_definitions.resolve(node, ctx, graphs)
        anno.dup(node, {anno.Static.DEFINITIONS: anno.Static.ORIG_DEFINITIONS})
        node = functions.transform(node, ctx)
        node = _Directives(ctx).visit(node)
        node = break_statements.transform(node, ctx)
        node = _Asserts(ctx).visit(node)
        node = continue_statements.transform(node, ctx)
        node = return_statements.transform(node, ctx)
        if ctx.user.options.uses(Feature.LISTS):
            node = lists.transform(node, ctx)
            node = slices.transform(node, ctx)
        node = call_trees.transform(node, ctx)
        node = control_flow.transform(node, ctx)
        node = _Ternaries(ctx).visit(node)
        node = logical_expressions.transform(node, ctx)
        return variables.transform(node, ctx)


_transpiler = Transpiler()


class _Program:
    """What malt's passes know about the conversion."""

    def __init__(self, options):
        self.options = options


def convert(function, options):
    """The rewritten function; `ag_source_map` of it leads back to the user's source."""
    if hasattr(function, "__wrapped__"):
        # inspect would find the source of what the decorator wrapped, not of the wrapper that runs.
        plain = types.FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            function.__closure__,
        )
        plain.__kwdefaults__ = function.__kwdefaults__
        function = plain
    converted, module, source_map = _transpiler.transform(function, _Program(options))
    locations.register(source_map)
    converted.ag_module = module
    converted.ag_source_map = source_map
    return converted
