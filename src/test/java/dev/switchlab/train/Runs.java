package dev.switchlab.train;

import ai.djl.Device;
import dev.switchlab.data.CorpusStore;
import dev.switchlab.data.TextData;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ExperimentLoader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Training runs for tests, on the corpus that arrives with the build. */
final class Runs {

    /** Everything at once that a router can do beside the defaults. */
    static final String EVERY_ROUTER = "model.n_layers=3 model.moe_every=2 model.n_experts=6 model.top_k=3"
            + " model.shared_experts=1 model.router_score=sigmoid model.normalize_gates=true model.gate_scale=2.5"
            + " model.dropped_tokens=next_choice model.capacity_factor=0.7 model.drop_order=random"
            + " model.exploration=input_dropout model.expert_dropout=0.2 train.load_balance_scope=sequence"
            + " train.z_loss=0.001 train.selection_bias_rate=0.01";

    private Runs() {}

    static Experiment smoke(String... settings) {
        return ExperimentLoader.load("smoke", List.of(settings), Path.of("experiments"));
    }

    static TextData data(Experiment experiment) {
        return TextData.of(CorpusStore.create().open(experiment).corpus(), experiment);
    }

    /** The result of a run and what it logged. */
    record Outcome(TrainingResult result, RecordingLog log, TextData data) {}

    static Outcome train(Experiment experiment, Path folder, BooleanSupplier stop) {
        return train(experiment, folder, stop, Optional.empty());
    }

    static Outcome train(Experiment experiment, Path folder, BooleanSupplier stop, Optional<Checkpoint> from) {
        TextData data = data(experiment);
        RecordingLog log = new RecordingLog();
        try (LanguageModel model = LanguageModel.create(experiment, data.tokenizer(), Device.cpu())) {
            Checkpoints checkpoints = new Checkpoints(folder, 2);
            Trainer trainer = new Trainer(model, data, log, checkpoints, new TrainingProgress() {}, stop);
            from.ifPresent(trainer::resume);
            return new Outcome(trainer.run(), log, data);
        }
    }
}
