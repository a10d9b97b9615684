"""What rewritten code calls instead of Python's statements: Python or graph, as the values ask for."""


def table():
    """The names of the module `ag__` in rewritten code."""
    from malt.operators.variables import Undefined, UndefinedReturnValue, ld, ldu

    from .. import calls, context, options
    from . import builtins, conditionals, lists, logical, loops, scope

    return {
        "ConversionOptions": options.ConversionOptions,
        "Feature": options.Feature,
        "FunctionScope": scope.FunctionScope,
        "GetItemOpts": lists.GetItemOpts,
        "ListPopOpts": lists.ListPopOpts,
        "ListStackOpts": lists.ListStackOpts,
        "STD": options.STANDARD,
        "Undefined": Undefined,
        "UndefinedReturnValue": UndefinedReturnValue,
        "and_": logical.and_,
        "assert_stmt": builtins.assert_stmt,
        "autograph_artifact": context.artifact,
        "caught": scope.caught,
        "converted_call": calls.converted_call,
        "eq": logical.eq,
        "for_stmt": loops.for_stmt,
        "get_item": lists.get_item,
        "if_exp": conditionals.if_exp,
        "if_stmt": conditionals.if_stmt,
        "ld": ld,
        "ldu": ldu,
        "list_append": lists.list_append,
        "list_pop": lists.list_pop,
        "list_stack": lists.list_stack,
        "new_list": lists.new_list,
        "not_": logical.not_,
        "not_eq": logical.not_eq,
        "or_": logical.or_,
        "set_item": lists.set_item,
        "update_item_with_op": lists.update_item_with_op,
        "while_stmt": loops.while_stmt,
        "with_function_scope": scope.with_function_scope,
    }
