package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.testing.Seeded;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A sweep that is killed, parent and children at once, again and again, each time called again: in the end as one that
 * was never killed, to the bit. {@code -Dswitchlab.kills=10} kills it more often.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no SIGKILL")
@Tag("kill")
class KilledSweepTest {

    private static final int KILLS = Integer.getInteger("switchlab.kills", 3);
    private static final int KILLED = 128 + 9;
    private static final String[] SWEEP = {
        "sweep",
        "--experiment",
        "smoke",
        "--grid",
        "model.n_experts=2,4",
        "--seeds",
        "1..2",
        "--jobs",
        "2",
        "--set",
        "train.steps=" + (60 + 40 * KILLS) + " train.log_every=1 train.eval_every=50 train.eval_batches=1"
                + " train.checkpoint_every=4 train.sample_every=75 train.sample_length=5 train.batch_size=4"
                + " train.seq_len=16 model.dropout=0.1 train_fraction=0.99"
    };

    @TempDir
    Path folder;

    @Test
    void killedAtRandomMomentsItEndsAsOneThatNeverWas(@Seeded(7) long seed) throws Exception {
        Commands whole = new Commands(Files.createDirectories(folder.resolve("whole")));
        whole.succeed(SWEEP);

        SplittableRandom random = new SplittableRandom(seed);
        Commands cut = new Commands(Files.createDirectories(folder.resolve("cut")));
        BookRows book = new BookRows(cut.runs());
        List<Long> moments = new ArrayList<>();
        while (moments.size() < KILLS) {
            Process sweep = cut.start(SWEEP);
            // One in three kills falls somewhere in the start, the others while children are at work.
            boolean early = random.nextInt(3) == 0;
            long before = steps(book);
            if (!early) {
                cut.await(sweep, () -> steps(book) > before || allDone(book));
            }
            Thread.sleep(random.nextInt(early ? 2500 : 700));
            moments.add(steps(book));
            List<ProcessHandle> children = sweep.descendants().toList();
            sweep.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
            int code = cut.end(sweep);
            assertThat(code).as(cut.output()).isIn(KILLED, 0);
        }
        assertThat(cut.end(cut.start(SWEEP)))
                .as(cut.output() + " killed after steps " + moments)
                .isZero();
        assertThat(book.integrity()).isEqualTo("ok");
        assertSame(book, new BookRows(whole.runs()));
        System.out.println("killed after so many steps of all children: " + moments);
    }

    /** Of all children together. */
    private static long steps(BookRows book) {
        return book.runs().stream()
                .mapToLong(run -> Math.max(0, book.lastStep(run, "train/loss")))
                .sum();
    }

    private static boolean allDone(BookRows book) {
        return book.runs().stream()
                        .filter(run -> book.status(run).equals("FINISHED"))
                        .count()
                == 7;
    }

    /** One run of each name in both books: a parent, two settings, four children. */
    private static void assertSame(BookRows cut, BookRows whole) throws Exception {
        Map<String, String> again = byName(cut);
        Map<String, String> first = byName(whole);
        assertThat(again.keySet()).isEqualTo(first.keySet()).hasSize(7);
        assertThat(cut.runs()).hasSize(7);
        for (Map.Entry<String, String> run : first.entrySet()) {
            String other = again.get(run.getKey());
            assertThat(cut.params(other)).isEqualTo(whole.params(run.getValue()));
            if (whole.tags(run.getValue()).containsKey("switchlab.seeds")) {
                assertThat(cut.status(other)).isEqualTo("FINISHED");
                assertThat(StoredValues.values(cut, other)).isEqualTo(StoredValues.values(whole, run.getValue()));
            } else {
                StoredValues.assertSame(cut, other, whole, run.getValue());
            }
        }
    }

    private static Map<String, String> byName(BookRows book) {
        Map<String, String> names = new TreeMap<>();
        book.runs().forEach(run -> names.put(book.tags(run).get("mlflow.runName"), run));
        return names;
    }
}
