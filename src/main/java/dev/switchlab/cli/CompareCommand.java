package dev.switchlab.cli;

import dev.switchlab.analysis.ComparisonReport;
import dev.switchlab.analysis.RunComparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.tracking.TrackingStore;
import java.io.IOException;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.text.NumberFormat;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tech.tablesaw.api.NumericColumn;
import tech.tablesaw.api.Table;

/** Sets runs side by side. */
@Command(
        name = "compare",
        description = "Compare runs: parameters that differ, metrics, paired differences over seeds.")
final class CompareCommand implements Callable<Integer> {

    @Mixin
    private StoreOptions tracking;

    @Option(
            names = "--compare",
            paramLabel = "\"A B\"",
            description =
                    "Two or more runs by id, beginning of an id or name; an experiment stands for all its finished runs.",
            defaultValue = "${env:SWITCHLAB_RUNS:-}")
    private String names;

    @Override
    public Integer call() throws IOException {
        try (TrackingStore store = tracking.open()) {
            RunSource source = RunSource.of(store);
            List<String> wanted = Arrays.stream(names.strip().split("[\\s,]+"))
                    .filter(name -> !name.isEmpty())
                    .toList();
            RunComparison comparison = RunComparison.of(source, wanted);
            print(comparison.settings());
            print(comparison.metrics());
            if (!comparison.differences().isEmpty()) {
                print(comparison.differences());
            }
            comparison.notes().forEach(note -> System.out.println("note: " + note));
            Path folder = tracking.folder().resolve("reports");
            for (Path file : new ComparisonReport(comparison, source).write(folder)) {
                System.out.println("wrote " + file);
            }
        }
        return 0;
    }

    private static void print(Table table) {
        NumberFormat digits = new DecimalFormat("0.####", DecimalFormatSymbols.getInstance(Locale.ROOT));
        table.numericColumns().forEach(column -> ((NumericColumn<?>) column).setPrintFormatter(digits, "-"));
        System.out.println(table.printAll());
        System.out.println();
    }
}
