package dev.switchlab.cli;

import dev.switchlab.analysis.ComparisonText;
import dev.switchlab.analysis.Comparison;
import dev.switchlab.analysis.RunSource;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Reports;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Sets runs side by side. */
@Command(
        name = "compare",
        description = "Compare runs by setting: scores with intervals, paired differences over seeds, time.",
        footer = "Curves, experts and single runs are on the page that it writes, and tables as CSV beside that.")
final class CompareCommand implements Callable<Integer> {

    @Mixin
    private BookOption books;

    @Mixin
    private RunsOption runs;

    @Mixin
    private BaselineOption baseline;

    @Override
    public Integer call() throws IOException {
        try (MirroredBook store = books.open()) {
            Comparison comparison = Comparison.of(RunSource.of(store), runs.names(store), baseline.text());
            System.out.println(new ComparisonText(comparison).text());
            System.out.println();
            System.out.println("wrote " + new Reports(store).write(comparison, "compare") + ", and its tables as CSV");
        }
        return 0;
    }
}
