package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.StepClock;
import dev.switchlab.train.TrainStep;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Training steps of one experiment, split into their parts. What is in no part (reading numbers, freeing memory) is
 * "other".
 */
final class TrainingSubject implements Subject {

    static final String OTHER = "other";

    private final LanguageModel model;
    private final TrainStep step;
    private final int repeats;
    private final RandomText text = new RandomText();
    private final Map<StepClock.Part, Double> parts = new EnumMap<>(StepClock.Part.class);
    private long last;
    private int taken;

    TrainingSubject(Experiment experiment, Device device, Kernels kernels, int repeats) {
        model = RandomText.model(experiment, device, kernels);
        step = new TrainStep(model, this::ended);
        this.repeats = repeats;
    }

    private void ended(StepClock.Part part) {
        long now = System.nanoTime();
        parts.merge(part, (now - last) / 1e6, Double::sum);
        last = now;
    }

    @Override
    public void round(Samples samples) {
        for (int i = 0; i < repeats; i++) {
            Batch batch = text.batch(model.experiment());
            parts.clear();
            long start = System.nanoTime();
            last = start;
            taken++;
            step.run(taken, List.of(batch), false);
            double total = (System.nanoTime() - start) / 1e6;
            samples.add(Samples.TOTAL, total);
            double other = total;
            for (StepClock.Part part : StepClock.Part.values()) {
                double ms = parts.getOrDefault(part, 0.0);
                samples.add(name(part), ms);
                other -= ms;
            }
            samples.add(OTHER, other);
        }
    }

    static String name(StepClock.Part part) {
        return part.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public void close() {
        model.close();
    }
}
