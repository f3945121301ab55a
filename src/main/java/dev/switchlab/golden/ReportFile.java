package dev.switchlab.golden;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.switchlab.golden.CaseResult.RunResult;
import dev.switchlab.golden.TensorDifference.Element;
import dev.switchlab.golden.TensorDifference.Spread;
import dev.switchlab.io.WholeFile;
import java.io.IOException;
import java.nio.file.Path;

/** The whole comparison as a file, every tensor of every case, passed or not. */
final class ReportFile {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private ReportFile() {}

    static void write(GoldenReport report, Path file) throws IOException {
        String name = file.getFileName().toString();
        String content;
        if (name.endsWith(".json")) {
            content = JSON.writeValueAsString(json(report));
        } else if (name.endsWith(".html")) {
            content = ReportHtml.of(report);
        } else {
            throw new IllegalArgumentException(
                    "a golden report is .html or .json, not " + file + "; for example golden.html");
        }
        WholeFile.write(file, content);
    }

    private static ObjectNode json(GoldenReport report) {
        ObjectNode root = JSON.createObjectNode();
        root.put("source", report.source().toString());
        root.put("summary", report.summary());
        root.put("passed", report.passed());
        ArrayNode cases = root.putArray("cases");
        for (CaseResult result : report.cases()) {
            ObjectNode node = cases.addObject();
            node.put("name", result.name());
            node.put("kind", result.kind());
            node.put("passed", result.passed());
            node.put("problem", result.problem());
            ArrayNode runs = node.putArray("runs");
            result.runs().forEach(run -> put(runs.addObject(), run));
        }
        return root;
    }

    private static void put(ObjectNode node, RunResult run) {
        node.put("form", run.form());
        node.put("passed", run.passed());
        node.put("problem", run.problem());
        ArrayNode tensors = node.putArray("tensors");
        run.tensors().forEach(tensor -> put(tensors.addObject(), tensor));
    }

    private static void put(ObjectNode node, TensorDifference tensor) {
        node.put("name", tensor.name());
        node.put("shape", tensor.shape());
        node.put("passed", tensor.passed());
        node.put("problem", tensor.problem());
        node.put("elements", tensor.elements());
        node.put("wrong", tensor.wrong());
        node.put("bit_equal", tensor.bitEqual());
        node.put("units_of_tolerance", tensor.units());
        node.put("tolerance_absolute", tensor.tolerance().absolute());
        node.put("tolerance_relative", tensor.tolerance().relative());
        put(node.putObject("absolute_error"), tensor.absolute());
        put(node.putObject("relative_error"), tensor.relative());
        ArrayNode worst = node.putArray("worst");
        for (Element element : tensor.worst()) {
            worst.addObject()
                    .put("index", element.index())
                    .put("expected", element.expected())
                    .put("actual", element.actual())
                    .put("units_of_tolerance", element.units());
        }
    }

    private static void put(ObjectNode node, Spread spread) {
        node.put("max", spread.max()).put("mean", spread.mean()).put("median", spread.median());
    }
}
