package dev.switchlab.cli;

import dev.switchlab.runs.BookMerge.Merged;
import dev.switchlab.runs.mirror.MirroredBook;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Brings in what another book has. */
@Command(
        name = "merge",
        description = "Bring the runs of another runs folder into this book, with what is needed to resume them.",
        footer = "Runs are the same by their id. Merging again brings what is new; merging twice changes nothing.")
final class MergeCommand implements Callable<Integer> {

    @Mixin
    private BookOption books;

    @Option(
            names = "--from",
            paramLabel = "FOLDER",
            description = "The other runs folder, the one with its mlflow.db.",
            defaultValue = "")
    private String from;

    @Override
    public Integer call() {
        if (from.isBlank()) {
            throw new IllegalArgumentException(
                    "FROM names no folder to merge; allowed: another runs folder, e.g. make merge FROM=../other/runs");
        }
        try (MirroredBook store = books.open()) {
            Merged merged = store.merge(Path.of(from.strip()));
            System.out.printf(
                    "merged %s into %s: %d new, %d with something new, %d unchanged%n",
                    from.strip(),
                    books.folder(),
                    merged.added().size(),
                    merged.grown().size(),
                    merged.unchanged().size());
            return merged.left().isEmpty() ? 0 : 1;
        }
    }
}
