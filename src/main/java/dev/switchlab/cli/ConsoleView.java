package dev.switchlab.cli;

import ai.djl.engine.Engine;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.Durations;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.runs.mirror.MirroredBook;
import dev.switchlab.session.TrainingInput;
import dev.switchlab.session.TrainingSession;
import dev.switchlab.session.TrainingView;
import dev.switchlab.train.Evaluation;
import dev.switchlab.train.LanguageModel;
import java.util.Locale;

/** What a person at a terminal sees of a training session. */
record ConsoleView(TrainingInput input, BookOption books, MirroredBook store) implements TrainingView {

    @Override
    public void begun(String runId, LanguageModel model, Provenance provenance) {
        Experiment experiment = input.experiment();
        TextData data = input.data();
        System.out.printf(
                Locale.ROOT,
                "experiment  %s (%s semantics, seed %d)%n",
                experiment.id(),
                experiment.semantics().name().toLowerCase(Locale.ROOT),
                experiment.seed());
        System.out.printf(
                Locale.ROOT,
                "corpus      %s, %,d characters, %d different%n",
                data.corpus().name(),
                data.corpus().characters(),
                data.tokenizer().size());
        System.out.printf(Locale.ROOT, "model       %,d parameters%n", model.parameters());
        int ranks = provenance.computation().ranks();
        System.out.printf(
                "device      %s, %s%d threads, PyTorch %s%n",
                provenance.computation().device(),
                ranks == 1 ? "" : ranks + " ranks of ",
                provenance.computation().threads(),
                Engine.getInstance().getVersion());
        if (ranks > 1) {
            System.out.println("experts     "
                    + (provenance.computation().expertParallel()
                            ? "shared out, a part on each rank"
                            : "all on each rank"));
        }
        System.out.printf("kernels     %s%n", provenance.computation().kernels());
        System.out.printf("promise     %s%n", provenance.promise().text());
        System.out.printf("run         %s in %s%n", runId, books.location(store));
    }

    @Override
    public Progress progress(int steps, int taken) {
        return new ConsoleProgress(steps, taken);
    }

    @Override
    public void stage(String what) {
        System.out.println(what + " ...");
    }

    @Override
    public void warning(String text) {
        System.err.println("WARNING: " + text);
    }

    /** Says how the run ended and what to do with it. */
    void ended(TrainingSession.Outcome outcome) {
        String shortId = outcome.runId().substring(0, 8);
        if (!outcome.isComplete()) {
            System.out.printf(
                    "stopped after step %d of %d; go on with: make resume RUN=%s%n",
                    outcome.result().steps(), input.experiment().train().steps(), shortId);
            return;
        }
        Evaluation whole = outcome.result().validation().orElseThrow();
        System.out.printf(
                Locale.ROOT,
                "done in %s: training %.3f, validation %.3f nats per character (%.3f bits, %.1f %% right)%n",
                Durations.text(outcome.seconds()),
                outcome.result().trainCrossEntropy(),
                whole.crossEntropy(),
                whole.bitsPerChar(),
                100 * whole.accuracy());
        outcome.report().ifPresent(file -> System.out.printf("report:     %s%n", file));
        System.out.printf("look at it: %s%n", books.howToLook(store, store.find(outcome.runId())));
        System.out.printf(
                "more text:  make sample RUN=%s PROMPT=\"%s\"%n",
                shortId, input.experiment().train().samplePrompt());
    }
}
