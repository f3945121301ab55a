package dev.switchlab.analysis;

import dev.switchlab.runs.Run;
import java.util.List;
import tech.tablesaw.api.StringColumn;
import tech.tablesaw.api.Table;

/** Where runs come from, as far as it is not the same for all. */
final class RunOrigins {

    /** What may change a result without being a setting. */
    private static final List<String> TAGS = List.of(
            "mlflow.source.git.commit",
            "switchlab.dirty",
            "switchlab.version",
            "switchlab.corpus",
            "switchlab.corpus_sha256",
            "switchlab.libtorch",
            "switchlab.jdk",
            "switchlab.device",
            "switchlab.gpu",
            "switchlab.cpu",
            "switchlab.kernels",
            "switchlab.threads",
            "switchlab.promise");

    private RunOrigins() {}

    /**
     * One row per run: run, and the tags of code, text, versions, machine and threads that differ; empty if none does.
     */
    static Table of(List<Run> runs) {
        List<String> differing = TAGS.stream()
                .filter(tag -> runs.stream()
                                .map(run -> run.tags().getOrDefault(tag, ""))
                                .distinct()
                                .count()
                        > 1)
                .toList();
        Table table = Table.create("origins");
        if (!differing.isEmpty()) {
            table.addColumns(
                    StringColumn.create("run", runs.stream().map(Run::shortId).toList()));
            differing.forEach(tag -> table.addColumns(StringColumn.create(
                    tag.substring(tag.indexOf('.') + 1),
                    runs.stream().map(run -> run.tags().getOrDefault(tag, "")).toList())));
        }
        return table;
    }
}
