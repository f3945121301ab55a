package dev.switchlab.cli;

import dev.switchlab.analysis.ComparisonReport;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.analysis.TextTable;
import dev.switchlab.runs.mirror.MirroredBook;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import tech.tablesaw.api.Table;

/** Sets runs side by side. */
@Command(
        name = "compare",
        description = "Compare runs: parameters that differ, metrics, paired differences over seeds.")
final class CompareCommand implements Callable<Integer> {

    @Mixin
    private BookOption books;

    @Mixin
    private RunsOption runs;

    @Override
    public Integer call() throws IOException {
        try (MirroredBook store = books.open()) {
            RunSource source = RunSource.of(store);
            RunComparison comparison = RunComparison.of(source, runs.names());
            print(comparison.settingsAcross());
            print(comparison.metrics());
            if (!comparison.differences().isEmpty()) {
                print(comparison.differences());
            }
            comparison.notes().forEach(note -> System.out.println("note: " + note));
            Path folder = books.folder().resolve("reports");
            for (Path file : new ComparisonReport(comparison, source).write(folder)) {
                System.out.println("wrote " + file);
            }
        }
        return 0;
    }

    private static void print(Table table) {
        System.out.println(TextTable.of(table).strip());
        System.out.println();
    }
}
