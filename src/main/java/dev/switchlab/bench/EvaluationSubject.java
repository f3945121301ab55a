package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;

/** Forward passes at evaluation, over a batch as large as in training, down to one logit on the host. */
final class EvaluationSubject implements Subject {

    private final LanguageModel model;
    private final int repeats;
    private final RandomText text = new RandomText();

    EvaluationSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
        model = RandomText.model(experiment, device, kernels);
        this.repeats = repeats;
    }

    @Override
    public void round(Samples samples) {
        for (int i = 0; i < repeats; i++) {
            Batch batch = text.batch(model.experiment());
            long start = System.nanoTime();
            float logit = model.evaluate(
                    batch.tokens(),
                    batch.seqLen(),
                    batch.batchSize(),
                    model.evaluationDropPolicy(0, 0),
                    output -> output.logits().get(0, 0, 0).getFloat());
            samples.add(Samples.TOTAL, (System.nanoTime() - start) / 1e6);
            if (!Float.isFinite(logit)) {
                throw new IllegalStateException("the model's logits are " + logit);
            }
        }
    }

    @Override
    public void close() {
        model.close();
    }
}
