package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.testing.JavaProcess;
import java.nio.file.Path;
import java.util.List;

/** The shortest run there is, for tests of how a process is started. */
public final class FourSteps {

    private FourSteps() {}

    /** A command line of it, into the book in {@code runs}. */
    public static List<String> command(Path runs) {
        return JavaProcess.of(
                        Main.class,
                        "train",
                        "--experiment",
                        "smoke",
                        "--threads",
                        "1",
                        "--runs",
                        runs.toString(),
                        "--set",
                        "train.steps=4 train.log_every=1 train.sample_length=5 train_fraction=0.99")
                .command();
    }

    /** It has been taken to its end, by that many ranks. */
    public static void assertFinished(Path runs, int ranks) {
        BookRows book = new BookRows(runs);
        assertThat(book.runs()).hasSize(1);
        String run = book.newest();
        assertThat(book.status(run)).isEqualTo("FINISHED");
        assertThat(book.lastStep(run, "train/loss")).isEqualTo(4);
        assertThat(book.params(run)).containsEntry("ranks", Integer.toString(ranks));
    }
}
