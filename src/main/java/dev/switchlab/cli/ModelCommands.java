package dev.switchlab.cli;

import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.Experiment.Validation;
import dev.switchlab.experiment.ExperimentLoader;
import dev.switchlab.experiment.ExperimentLoader.Summary;
import dev.switchlab.experiment.MetricNames;
import dev.switchlab.io.Screen;
import dev.switchlab.random.RandomStream;
import dev.switchlab.random.RandomStreams;
import dev.switchlab.runs.Run;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.StoredRun;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.Evaluator;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.Sampler;
import dev.switchlab.train.TextGenerator;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Commands that use a trained model, and the list of experiments. */
final class ModelCommands {

    private ModelCommands() {}

    @Command(name = "evaluate", description = "Score the model of a run on a whole validation split.")
    static final class Evaluate implements Callable<Integer> {

        @Mixin
        private BookOptions.OneRun runs;

        @Mixin
        private EngineOptions engine;

        @Mixin
        private BookOptions books;

        @Option(
                names = "--corpus",
                paramLabel = "NAME|FILE",
                description = "Another corpus to score (default: the one that the run was trained on).",
                defaultValue = "")
        private String corpus;

        @Option(
                names = "--stride",
                paramLabel = "N",
                description = "Score by windows that overlap: each counts its last N tokens, and those before are"
                        + " context. The result is kept with the run as evaluate/strideN/* beside final/*. Default:"
                        + " windows side by side.")
        private Integer stride;

        @Override
        public Integer call() throws IOException {
            try (MirroredBook store = books.open()) {
                StoredRun run = new StoredRun(store, runs.find(store));
                try (LanguageModel model = run.model(engine::start)) {
                    evaluate(model, run);
                }
            }
            return 0;
        }

        private void evaluate(LanguageModel model, StoredRun stored) {
            Run run = stored.run();
            Experiment experiment = model.experiment();
            int steps = experiment.train().steps();
            TextData data = corpus.isBlank() ? stored.data(model) : StoredRun.data(model, corpus);
            Evaluator evaluator = new Evaluator(model, data);
            Evaluation score = stride == null
                    ? evaluator.evaluate(data.validation(experiment), steps)
                    : evaluator.evaluateScored(data.validation(experiment, stride), steps);
            System.out.printf("run         %s (%s)%n", run.runId(), run.title());
            System.out.printf(
                    Locale.ROOT,
                    "corpus      %s, %,d %ss of its validation split%s%n",
                    data.corpus().name(),
                    score.tokens(),
                    experiment.unit(),
                    experiment.validation() == Validation.HELD_OUT ? ", held out of the training text" : "");
            System.out.printf(
                    Locale.ROOT,
                    "%-10s  %.4f nats per %s (%.4f bits per byte), %.2f %% right%n",
                    stride == null ? "validation" : "stride " + stride,
                    score.crossEntropy(),
                    experiment.unit(),
                    score.bitsPerByte(),
                    100 * score.accuracy());
            if (stride != null) {
                System.out.printf(
                        "context     at least %d %ss before each, after the first %d%n",
                        experiment.train().seqLen() - stride,
                        experiment.unit(),
                        experiment.train().seqLen());
            }
            if (stride != null && corpus.isBlank()) {
                stored.keepStrided(score, stride, steps);
                System.out.printf("kept as     %s%n", MetricNames.strided(stride) + MetricNames.CROSS_ENTROPY);
            }
        }
    }

    @Command(name = "sample", description = "Continue a prompt with the model of a run.")
    static final class Sample implements Callable<Integer> {

        @Mixin
        private BookOptions.OneRun runs;

        @Mixin
        private EngineOptions engine;

        @Mixin
        private BookOptions books;

        @Option(
                names = "--prompt",
                paramLabel = "TEXT",
                description = "The text to continue (default: the experiment's train.sample_prompt).",
                defaultValue = "")
        private String prompt;

        @Option(
                names = "--length",
                paramLabel = "N",
                description = "Characters to write (default: ${DEFAULT-VALUE}).",
                defaultValue = "500")
        private int length;

        @Option(
                names = "--temperature",
                paramLabel = "T",
                description = "0 takes the most probable character, 1 samples from the model's distribution (default:"
                        + " ${DEFAULT-VALUE}).",
                defaultValue = "0.8")
        private double temperature;

        @Option(
                names = "--top-k",
                paramLabel = "K",
                description = "Sample among the K most probable characters; 0 for all (default: ${DEFAULT-VALUE}).",
                defaultValue = "0")
        private int topK;

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "Each seed gives another text (default: ${DEFAULT-VALUE}).",
                defaultValue = "1")
        private long seed;

        @Override
        public Integer call() throws IOException {
            Sampler sampler = new Sampler(temperature, topK);
            if (length < 0) {
                throw new IllegalArgumentException("LENGTH is " + length + ", allowed: 0 or more, for example 500");
            }
            try (MirroredBook store = books.open();
                    LanguageModel model = new StoredRun(store, runs.find(store)).model(engine::start)) {
                String start = prompt.isEmpty() ? model.experiment().train().samplePrompt() : prompt;
                model.tokenizer().encode(start); // refuses unknown characters before anything is printed
                System.out.print(Screen.isTerminal() ? start + TrainingConsole.PROMPT_END : start);
                new TextGenerator(model, sampler)
                        .generate(
                                start, length, new RandomStreams(seed).generator(RandomStream.SAMPLING), character -> {
                                    System.out.print(character);
                                    System.out.flush();
                                });
                System.out.println();
            }
            return 0;
        }
    }

    @Command(name = "experiments", description = "List the experiments.")
    static final class Experiments implements Runnable {

        @Mixin
        private ExperimentOptions.Folder folder;

        @Override
        public void run() {
            for (Summary summary : ExperimentLoader.list(folder.path())) {
                System.out.printf("%-20s %s%n", summary.id(), summary.about());
            }
        }
    }
}
