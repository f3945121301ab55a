package dev.switchlab.bench;

import ai.djl.Device;
import dev.switchlab.data.Batch;
import dev.switchlab.data.CharTokenizer;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.experiment.Experiment;
import dev.switchlab.io.Memory;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Machine;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.MemoryEstimate;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Random characters, with a vocabulary of Tiny Shakespeare's size: the time of a step does not depend on the text. */
final class RandomText {

    static final int VOCABULARY = 65;

    private final SplittableRandom random = new SplittableRandom(1);

    static CharTokenizer tokenizer() {
        return CharTokenizer.of(text(IntStream.range(0, VOCABULARY)));
    }

    static LanguageModel model(Experiment experiment, Device device, Kernels kernels) {
        Machine.require(experiment.train().precision(), device);
        if (!device.isGpu()) {
            new MemoryEstimate(experiment, VOCABULARY, 1, false).require(Memory.available());
        }
        return LanguageModel.create(experiment, tokenizer(), device, kernels, ProcessGroup.single(), false);
    }

    Batch batch(Experiment experiment) {
        int s = experiment.train().seqLen();
        int b = experiment.train().batchSize();
        return new Batch(tokens(s * b), tokens(s * b), s, b);
    }

    String prompt(int length) {
        return text(random.ints(length, 0, VOCABULARY));
    }

    private static String text(IntStream tokens) {
        return tokens.mapToObj(i -> Character.toString('!' + i)).collect(Collectors.joining());
    }

    private long[] tokens(int count) {
        return random.ints(count, 0, VOCABULARY).asLongStream().toArray();
    }
}
