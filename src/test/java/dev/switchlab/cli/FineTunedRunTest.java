package dev.switchlab.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.switchlab.runs.fake.BookRows;
import dev.switchlab.runs.mirror.MirroredBook;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that build on runs: fine-tuned, upcycled and distilled, as processes. */
@Tag("slow")
class FineTunedRunTest {

    private static final String SETTINGS = "train.steps=12 train.log_every=4 train.eval_every=6 train.eval_batches=1"
            + " train.checkpoint_every=4 train.sample_every=6 train.sample_length=5 train.batch_size=8"
            + " model.n_layers=1 model.d_model=16 model.d_ff=24 model.heads=2 train_fraction=0.99 ";
    private static final String DENSE = "model.feed_forward=dense model.n_experts=1 ";

    @TempDir
    Path folder;

    @Test
    void aRunOfARunOfARunIsReproduced() throws Exception {
        Commands commands = new Commands(folder);
        BookRows book = new BookRows(commands.runs());
        Path small =
                Files.writeString(folder.resolve("small.txt"), "It is a far, far better thing that I do.\n".repeat(90));

        commands.succeed(train(DENSE));
        String dense = book.newest();
        commands.succeed(train("model.n_experts=4", "--init", dense.substring(0, 8)));
        String upcycled = book.newest();
        commands.succeed(
                train("model.n_experts=4 model.expert_dropout=0.2", "--init", upcycled, "--corpus", small.toString()));
        String tuned = book.newest();
        assertThat(commands.output()).contains("init_from   " + upcycled);
        try (MirroredBook store = commands.store()) {
            Map<String, String> params = store.find(tuned).params();
            assertThat(params).containsEntry("init_from.run", upcycled).containsEntry("init_from", upcycled);
            assertThat(params.get("init_from.sha256"))
                    .isEqualTo(store.find(upcycled).tags().get("switchlab.weights_sha256"));
        }
        commands.succeed("reproduce", "--run", tuned);
        assertThat(commands.output()).endsWith("IDENTICAL\n");

        // A teacher, and a student that begins with what its teacher has beside experts.
        String taught = DENSE + "init_parts=non_expert train.teacher=" + upcycled;
        commands.succeed(train(taught, "--init", upcycled));
        String student = book.newest();
        try (MirroredBook store = commands.store()) {
            assertThat(store.find(student).metrics().get("train/teacher_cross_entropy"))
                    .isPositive();
        }
        commands.succeed("reproduce", "--run", student);
        assertThat(commands.output()).endsWith("IDENTICAL\n");

        assertThat(commands.refused(train("model.n_experts=4", "--init", "nothing")))
                .contains("init_from: no file, and run 'nothing': there is none in");
        assertThat(commands.refused(train("model.n_experts=8", "--init", upcycled)))
                .contains("init_from " + upcycled + ": weights do not fit the model: missing"
                        + " 'transformer.layers.0.feed_forward.experts.4.layer1.bias'");
        assertThat(commands.refused(train("tokenizer=bytes", "--init", upcycled)))
                .contains("tokenizer is bytes; allowed with init_from: characters");
        assertThat(commands.refused(train(DENSE + "train.teacher=" + upcycled, "--corpus", small.toString())))
                .contains("train.teacher " + upcycled + " has another vocabulary");
        assertThat(commands.refused(train(DENSE + "train.seq_len=64 train.teacher=" + upcycled)))
                .contains("train.seq_len is 64; allowed with train.teacher " + upcycled + ": at most 32");
    }

    private static String[] train(String settings, String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("train", "--experiment", "smoke", "--set", SETTINGS + settings));
        arguments.addAll(List.of(more));
        return arguments.toArray(String[]::new);
    }
}
