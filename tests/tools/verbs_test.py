"""The verbs of the floe command and their options."""

import json
import subprocess

from command import (
    BAD_INPUT,
    DIGITS,
    FLOAT_X,
    FLOE,
    OK,
    PICTURE,
    USAGE,
    CommandTest,
    constant,
    main,
    node,
)


class Usage(CommandTest):
    def test_help(self):
        for args in (
            ["--help"],
            ["run", "--help"],
            ["inspect", "-h"],
            ["bench", "-h"],
            ["explain", "-h"],
            ["ops", "-h"],
        ):
            out = self.floe(*args)
            self.assertIn("Usage: floe", out)
        self.assertRegex(self.floe("--version"), r"^floe \d+\.\d+\.\d+\n$")

    def test_no_verb(self):
        self.floe(code=USAGE, says="run, inspect")
        for option in ("--json", "-x"):
            self.floe(option, code=USAGE, says=(option, "run, inspect"))

    def test_wrong_verb(self):
        self.floe("inspekt", DIGITS, code=USAGE, says=("'inspekt' is not a verb", "Did you mean 'inspect'"))

    def test_wrong_option(self):
        self.floe("run", DIGITS, "--rnadom", code=USAGE, says=("'--rnadom'", "Did you mean '--random'"))
        self.floe("run", DIGITS, "--random", "--batch", "none", code=USAGE, says="--batch")
        self.floe("run", DIGITS, "--random", "--threads", "0", code=USAGE, says="--threads")
        self.floe("bench", DIGITS, "--seconds", "-1", code=USAGE, says="--seconds")
        self.floe("bench", DIGITS, "--seconds", "nan", code=USAGE, says=("--seconds", "not finite"))
        self.floe(
            "run", DIGITS, "--input", PICTURE, "--range", "0,inf", code=USAGE, says=("--range", "'inf'")
        )

    def test_options_that_exclude_each_other(self):
        self.floe("run", DIGITS, "--random", "--input", PICTURE, code=USAGE, says=("--input", "--random"))
        two = ("--shape", "1,8,8,1", "--shape", "1,8,8,1")
        for verb, *more in (("run", "--random"), ("bench",), ("explain",)):
            self.floe(verb, DIGITS, *more, *two, code=USAGE, says=("2 times", "1 input"))

    def test_empty_names(self):
        self.floe("run", "", "--random", code=USAGE, says="name of the model is empty")
        self.floe("run", DIGITS, "--input", "", code=USAGE, says="--input")
        self.floe("run", DIGITS, "--random", "--outputs", "", code=USAGE, says=("output ''", "floe inspect"))

    def test_too_many_arguments(self):
        self.floe("inspect", DIGITS, "more", code=USAGE, says="'more'")

    def test_no_model(self):
        for verb in ("run", "inspect", "bench", "explain"):
            self.floe(verb, code=USAGE, says="model")


class Run(CommandTest):
    def test_needs_an_input(self):
        self.floe("run", DIGITS, code=USAGE, says=("--input", "--random"))

    def test_picture(self):
        digit = PICTURE.name[0]
        out = self.floe("run", DIGITS, "--input", PICTURE, "--top", "1")
        self.assertEqual(out.splitlines()[1].split()[0], digit)

    def test_random_is_repeatable(self):
        first = self.floe("run", DIGITS, "--random", "--seed", "3")
        self.assertEqual(first, self.floe("run", DIGITS, "--random", "--seed", "3"))
        self.assertNotEqual(first, self.floe("run", DIGITS, "--random", "--seed", "4"))

    def test_json(self):
        j = json.loads(self.floe("run", DIGITS, "--random", "--batch", "3", "--json"))
        out = j["outputs"][0]
        self.assertEqual((out["name"], out["dtype"], out["shape"]), ("Identity:0", "float32", [3, 10]))
        for row in out["values"]:
            self.assertAlmostEqual(sum(row), 1, places=5)

    def test_threads_give_the_same(self):
        one = json.loads(self.floe("run", DIGITS, "--random", "--threads", "1", "--json"))
        two = json.loads(self.floe("run", DIGITS, "--random", "--threads", "2", "--json"))
        for a, b in zip(one["outputs"][0]["values"][0], two["outputs"][0]["values"][0], strict=True):
            self.assertAlmostEqual(a, b, places=5)

    def test_names(self):
        for name in ("Identity", "Identity:0"):
            self.assertIn("[1,10]", self.floe("run", DIGITS, "--random", "--outputs", name))
        self.floe(
            "run", DIGITS, "--random", "--outputs", "Identiti", code=USAGE, says=("'Identiti'", "'Identity'")
        )
        self.floe("run", DIGITS, "--random", "--outputs", "Identity:1", code=USAGE, says="1 output(s)")
        self.floe("run", DIGITS, "--random", "--outputs", "Identity:q", code=USAGE, says="node:index")
        self.floe("run", DIGITS, "--random", "--inputs", "xx", code=USAGE, says=("'xx'", "name is 'x'"))
        self.floe("run", DIGITS, "--random", "--inputs", "x,x:0", code=USAGE, says=("'x:0'", "twice"))

    def test_three_nearest_names(self):
        graph = "\n".join(
            [FLOAT_X] + [node(f"layer_{i}", "Neg", "x") for i in (1, 2, 3)] + [node("far", "Neg", "x")]
        )
        path = self.file("m.pbtxt", graph)
        self.floe(
            "run",
            path,
            "--random",
            "--outputs",
            "layer_9",
            code=USAGE,
            says="'layer_1', 'layer_2', 'layer_3'.",
        )

    def test_inner_tensors(self):
        path = self.file("m.pbtxt", "\n".join([FLOAT_X, node("a", "Neg", "x"), node("b", "Exp", "a")]))
        out = self.floe("run", path, "--random", "--inputs", "a", "--outputs", "b,a", "--shape", "2")
        self.assertEqual([line.split()[0] for line in out.splitlines() if ":" in line], ["b:0", "a:0"])

    def test_outputs_without_their_input(self):
        path = self.file("m.pbtxt", "\n".join([FLOAT_X, node("a", "Neg", "x"), node("b", "Exp", "a")]))
        self.floe(
            "run",
            path,
            "--random",
            "--inputs",
            "b",
            "--outputs",
            "a",
            "--shape",
            "2",
            code=BAD_INPUT,
            says="'x'",
        )

    def test_shape(self):
        self.floe("run", DIGITS, "--random", "--shape", "1,2,3", code=USAGE, says="(None, 8, 8, 1)")
        self.floe("run", DIGITS, "--random", "--shape", "1,a", code=USAGE, says="'1,a' is not a shape")
        path = self.file("m.pbtxt", "\n".join([FLOAT_X, node("a", "Neg", "x")]))
        self.floe("run", path, "--random", code=USAGE, says="--shape")

    def test_shape_beyond_memory(self):
        says = ("input 'x:0'", "(99999999999, 8, 8, 1)", "memory")
        self.floe("run", DIGITS, "--random", "--shape", "99999999999,8,8,1", code=BAD_INPUT, says=says)

    def test_errors_of_the_run_name_model_and_node(self):
        graph = [
            FLOAT_X.replace("DT_FLOAT", "DT_INT32"),
            constant("zero", "DT_INT32", 0, "int_val"),
            node("y", "FloorDiv", "x", "zero").replace("DT_FLOAT", "DT_INT32"),
        ]
        path = self.file("m.pbtxt", "\n".join(graph))
        for verb, *more in (("run", "--random"), ("bench",)):
            says = ("m.pbtxt", "FloorDiv 'y'", "Integer division by zero")
            self.floe(verb, path, *more, "--shape", "2", code=BAD_INPUT, says=says)

    def test_only_an_input(self):
        self.floe("run", self.file("m.pbtxt", FLOAT_X), "--random", code=BAD_INPUT, says="1 Placeholder")

    def test_what_cannot_be_made_at_random(self):
        graph = [FLOAT_X, node("y", "Identity", "x")]
        path = self.file("m.pbtxt", "\n".join(graph).replace("DT_FLOAT", "DT_RESOURCE"))
        self.floe("run", path, "--random", "--shape", "1", code=USAGE, says=("'x:0'", "resource"))

    def test_too_many_inputs(self):
        self.floe("run", DIGITS, "--input", PICTURE, PICTURE, code=USAGE, says=("1 input(s)", "2 --input"))

    def test_nan_and_strings_in_json(self):
        graph = [
            'node { name: "s" op: "Const" attr { key: "dtype" value { type: DT_STRING } }'
            r' attr { key: "value" value { tensor { dtype: DT_STRING tensor_shape {} string_val: "a\"\377" } } } }',
            'node { name: "n" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }'
            ' attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: nan } } } }',
        ]
        path = self.file("m.pbtxt", "\n".join(graph))
        j = json.loads(self.floe("run", path, "--outputs", "s,n", "--json"))
        self.assertEqual(j["outputs"][0]["values"][0], "a")
        self.assertEqual(j["outputs"][1]["values"], "nan")

    def test_every_float_in_json(self):
        for dtype, field in (("DT_HALF", "half_val"), ("DT_FLOAT", "float_val"), ("DT_DOUBLE", "double_val")):
            for value, bits in (("nan", 0x7E00), ("inf", 0x7C00), ("-inf", 0xFC00)):
                text = constant("c", dtype, bits if dtype == "DT_HALF" else value, field)
                path = self.file("m.pbtxt", text)
                j = json.loads(self.floe("run", path, "--outputs", "c", "--json"))
                self.assertEqual(j["outputs"][0]["values"], value, dtype)


class Inspect(CommandTest):
    def test_text(self):
        out = self.floe("inspect", DIGITS)
        for word in ("GraphDef in binary form", "x:0", "Identity:0", "Conv2D", "parameters"):
            self.assertIn(word, out)

    def test_json(self):
        j = json.loads(self.floe("inspect", DIGITS, "--json"))
        self.assertEqual(j["inputs"], [{"name": "x:0", "dtype": "float32", "shape": [None, 8, 8, 1]}])
        self.assertEqual(j["outputs"][0]["name"], "Identity:0")
        self.assertEqual(sum(j["ops"].values()), j["nodes"])
        self.assertGreater(j["flops"], 0)
        self.assertEqual(j["unsupported"], {})

    def test_unsupported_is_shown_not_an_error(self):
        path = self.file("m.pbtxt", "\n".join([FLOAT_X, node("a", "Frobnicate", "x")]))
        j = json.loads(self.floe("inspect", path, "--json"))
        self.assertEqual(j["unsupported"], {"Frobnicate": ["a"]})
        self.assertIn("Frobnicate (1 node: a)", j["problem"])
        done = subprocess.run([FLOE, "inspect", path], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, OK)
        self.assertIn("Frobnicate (1): a", done.stdout)
        self.assertIn("Frobnicate (1 node: a)", done.stderr)


class OtherVerbs(CommandTest):
    def test_bench(self):
        out = self.floe("bench", DIGITS, "--calls", "5", "--warmup", "0")
        self.assertIn("median", out)
        j = json.loads(self.floe("bench", DIGITS, "--calls", "5", "--batch", "2", "--threads", "1", "--json"))
        self.assertEqual((j["calls"], j["batch"], j["threads"]), (5, 2, 1))
        self.assertLessEqual(j["min_ms"], j["median_ms"])
        self.assertLessEqual(j["median_ms"], j["p90_ms"])
        self.assertGreater(j["peak_memory_mib"], 1)

    def test_explain(self):
        out = self.floe("explain", DIGITS)
        self.assertRegex(out, r"^\d+ steps, arena ")
        self.assertIn("[1,10]", out)
        self.assertIn("[7,", self.floe("explain", DIGITS, "--batch", "7", "--threads", "1"))

    def test_explain_json(self):
        j = json.loads(self.floe("explain", DIGITS, "--threads", "1", "--json"))
        self.assertEqual((j["model"], j["threads"]), (DIGITS, 1))
        self.assertEqual(j["inputs"], [{"name": "x:0", "dtype": "float32", "shape": [1, 8, 8, 1]}])
        steps = j["plan"]["steps"]
        self.assertEqual([s["sized_at_run_time"] for s in steps], [False] * len(steps))
        self.assertEqual(steps[-1]["outputs"][0]["shape"], [1, 10])
        self.assertIn(f"{len(steps)} steps", self.floe("explain", DIGITS, "--threads", "1"))
        j = json.loads(self.floe("explain", DIGITS, "--batch", "8", "--json"))
        self.assertEqual(j["inputs"][0]["shape"], [8, 8, 8, 1])

    def test_ops(self):
        out = self.floe("ops")
        self.assertIn("\nConv2D", out)
        self.assertRegex(out.splitlines()[-1], r"^\d+ ops, \d+ run")
        self.assertIn("Conv2D(input: T", self.floe("ops", "Conv2D"))
        names = [o["name"] for o in json.loads(self.floe("ops", "--json"))]
        self.assertEqual(names, sorted(names))
        self.floe("ops", "Conv2DD", code=USAGE, says="Did you mean 'Conv2D'")


if __name__ == "__main__":
    main()
