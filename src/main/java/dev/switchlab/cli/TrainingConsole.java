package dev.switchlab.cli;

import dev.switchlab.data.TextData;
import dev.switchlab.data.Tokenizer;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.Bar;
import dev.switchlab.io.Durations;
import dev.switchlab.provenance.Computation;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.Pace;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.session.TrainingView;
import dev.switchlab.sweep.MakeLine;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.StepMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Prints a training: what is trained, progress, and how it ended. */
record TrainingConsole(TrainingInput input, BookOptions books, MirroredBook store) implements TrainingView {

    /** Stands between a prompt and the text of the model. */
    static final String PROMPT_END = "\u25B8";

    @Override
    public void begun(String runId, LanguageModel model, Provenance provenance) {
        Experiment experiment = input.experiment();
        TextData data = input.data();
        Computation computation = provenance.computation();
        System.out.printf(
                Locale.ROOT,
                "experiment  %s (%s semantics, seed %d)%n",
                experiment.id(),
                experiment.semantics().name().toLowerCase(Locale.ROOT),
                experiment.seed());
        System.out.printf(
                Locale.ROOT,
                "corpus      %s, %,d characters, %,d different%s%n",
                data.corpus().name(),
                data.corpus().characters(),
                data.tokenizer().size(),
                experiment.tokenizer().equals(Tokenizer.CHARACTERS) ? "" : " tokens");
        System.out.printf(Locale.ROOT, "model       %,d parameters%n", model.parameters());
        provenance
                .origins()
                .forEach((setting, origin) ->
                        System.out.printf("%-11s %s%n", setting.replaceFirst(".*[._](?=teacher)", ""), origin.name()));
        System.out.printf(
                "device      %s%s, %s%d threads, libtorch %s%n",
                computation.device(),
                computation.gpu().isEmpty() ? "" : " (" + computation.gpu() + ", driver " + computation.driver() + ")",
                computation.ranks() == 1 ? "" : computation.ranks() + " ranks of ",
                computation.threads(),
                provenance.versions().libtorch());
        if (computation.ranks() > 1) {
            System.out.println(
                    "experts     " + (computation.expertParallel() ? "sharded over the ranks" : "all on each rank"));
        }
        System.out.printf("kernels     %s%n", computation.kernels());
        System.out.printf("promise     %s%n", provenance.promise().text());
        System.out.printf("run         %s in %s%n", runId, books.location(store));
    }

    @Override
    public Progress progress(int steps, int taken) {
        return new Steps(input, taken);
    }

    @Override
    public void stage(String what) {
        System.out.println(what + " ...");
    }

    /** Prints how the run ended and what to do with it. */
    void ended(TrainingSession.Outcome outcome) {
        String shortId = outcome.runId().substring(0, 8);
        if (!outcome.isComplete()) {
            System.out.printf(
                    "stopped after step %d of %d; continue with: make resume RUN=%s%n",
                    outcome.result().steps(), input.experiment().train().steps(), shortId);
            return;
        }
        Evaluation whole = outcome.result().validation().orElseThrow();
        System.out.printf(
                Locale.ROOT,
                "done in %s: training %.3f, validation %.3f nats per %s (%.3f bits per byte, %.1f %% right)%n",
                Durations.text(outcome.seconds()),
                outcome.result().trainCrossEntropy(),
                whole.crossEntropy(),
                input.experiment().unit(),
                whole.bitsPerByte(),
                100 * whole.accuracy());
        outcome.report().ifPresent(file -> System.out.printf("report:     %s%n", file));
        List<String> pages = books.howToLook(store, store.find(outcome.runId()));
        System.out.printf("look at it: %s%ncompare it: %s%n", pages.get(0), pages.get(1));
        System.out.printf(
                "more text:  make sample RUN=%s PROMPT=%s%n",
                shortId, MakeLine.quote(input.experiment().train().samplePrompt()));
    }

    /** A bar with the time left on a terminal; in a file or a pipe, a line now and then. */
    private static final class Steps implements Progress {

        private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

        private final int steps;
        private final Bar bar;
        private final Pace pace;
        private final String prompt;
        private double validLoss = Double.NaN;

        /** @param taken steps that were taken before, in a run that is resumed */
        Steps(TrainingInput input, int taken) {
            this.steps = input.experiment().train().steps();
            this.prompt = input.experiment().train().samplePrompt();
            pace = new Pace(input, taken, BETWEEN_LINES);
            bar = Bar.ofSteps("training", taken, steps, pace::secondsLeft);
        }

        @Override
        public void step(int step, StepMetrics result) {
            boolean due = pace.step(step, result.crossEntropy());
            bar.reached(step);
            bar.note(losses());
            if (due && !bar.isDrawn()) {
                String left = pace.secondsLeft().stream()
                        .mapToObj(seconds -> "  " + Durations.text(seconds) + " left")
                        .collect(Collectors.joining());
                bar.println("step " + step + "/" + steps + "  " + losses() + left);
            }
        }

        @Override
        public void evaluation(int step, Evaluation evaluation) {
            validLoss = evaluation.crossEntropy();
            bar.note(losses());
            bar.println(String.format(
                    Locale.ROOT,
                    "step %d/%d  train %.3f  valid %.3f  (%.3f bits per byte, %.1f %% right)",
                    step,
                    steps,
                    pace.loss(),
                    validLoss,
                    evaluation.bitsPerByte(),
                    100 * evaluation.accuracy()));
        }

        @Override
        public void sample(int step, String text) {
            boolean begins = text.startsWith(prompt);
            bar.println("--- sample at step " + step + (begins ? ", its prompt up to " + PROMPT_END : ""));
            bar.println(begins ? prompt + PROMPT_END + text.substring(prompt.length()) : text);
            bar.println("---");
        }

        @Override
        public void stage(String what) {
            bar.println(what + " ...");
        }

        private String losses() {
            return Double.isNaN(validLoss)
                    ? String.format(Locale.ROOT, "train %.3f", pace.loss())
                    : String.format(Locale.ROOT, "train %.3f valid %.3f", pace.loss(), validLoss);
        }

        @Override
        public void close() {
            bar.close();
        }
    }
}
