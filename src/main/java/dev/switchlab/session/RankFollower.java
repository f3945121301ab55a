package dev.switchlab.session;

import ai.djl.Device;
import dev.switchlab.distributed.ProcessGroup;
import dev.switchlab.nn.kernel.Kernels;
import dev.switchlab.provenance.Provenance;
import dev.switchlab.session.TrainingInput.FirstWeights;
import dev.switchlab.train.Checkpoint;
import dev.switchlab.train.Checkpoints;
import dev.switchlab.train.LanguageModel;
import dev.switchlab.train.RunLog;
import dev.switchlab.train.Trainer;
import dev.switchlab.train.TrainingProgress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;

/** A rank other than the first: computes its part of each batch, and writes, prints and saves nothing. */
public final class RankFollower {

    private static final byte[] NOTHING = {};

    /** Longer than between steps: one of the ranks may be downloading the text or unpacking libtorch. */
    private static final Duration BEGIN = Duration.ofHours(1);

    private RankFollower() {}

    /**
     * What rank 0 broadcasts to the others: experiment, text, threads, kernels and first step. They need no book and no
     * checkpoint files.
     *
     * @param provenance of the computation that begins
     * @param checkpoint empty for the first step
     */
    record Job(Provenance provenance, Optional<Checkpoint> checkpoint) {

        /** Called by rank 0. */
        void broadcast(ProcessGroup world) throws IOException {
            world.barrier(BEGIN);
            world.broadcast(provenance.toJson().getBytes(StandardCharsets.UTF_8), 0);
            world.broadcast(checkpoint.isPresent() ? checkpoint.get().toBytes() : NOTHING, 0);
            requireSame(world, provenance);
        }

        private static Job receive(ProcessGroup world) throws IOException {
            world.barrier(BEGIN);
            String json = new String(world.broadcast(NOTHING, 0), StandardCharsets.UTF_8);
            byte[] checkpoint = world.broadcast(NOTHING, 0);
            return new Job(
                    Provenance.ofJson(json, "the broadcast of rank 0"),
                    checkpoint.length == 0 ? Optional.empty() : Optional.of(Checkpoint.ofBytes(checkpoint)));
        }
    }

    /**
     * Takes part in the training of rank 0 to its end.
     *
     * @param stopRequested asked after each step; true ends the run on all ranks, in good order
     */
    public static void follow(ProcessGroup world, BooleanSupplier stopRequested) throws IOException {
        Job job = Job.receive(world);
        Provenance first = job.provenance();
        boolean expertParallel = first.computation().expertParallel();
        Device device = EngineStart.start(
                first.computation().device(), first.computation().threads());
        TrainingInput input = TrainingInput.of(first, "", Origins.of(first.origins()));
        Kernels kernels = input.kernelsOn(device);
        FirstWeights weights = input.firstWeights(device, kernels, world, expertParallel);
        try (LanguageModel model = weights.model();
                TrainingSession.Teacher teacher = TrainingSession.Teacher.of(input, device)) {
            requireSame(
                    world,
                    input.provenance("", device, kernels.toString(), weights.digest(), world.size(), expertParallel));
            Trainer trainer = new Trainer(
                    model,
                    input.data(),
                    new NoOpRunLog(),
                    new Checkpoints(Path.of(""), 1),
                    new TrainingProgress() {},
                    stopRequested);
            teacher.model().ifPresent(trainer::learnFrom);
            job.checkpoint().ifPresent(trainer::resume);
            trainer.run();
            model.gathered().close(); // rank 0 saves it
        }
    }

    /** Rank 0 keeps the run. */
    private static final class NoOpRunLog implements RunLog {

        @Override
        public String runId() {
            return "";
        }

        @Override
        public void metrics(long step, Map<String, Double> metrics) {}

        @Override
        public void text(String path, String content) {}

        @Override
        public void sync() {}
    }

    /** Different libraries or processors round differently, and the ranks' weights would diverge. */
    private static void requireSame(ProcessGroup world, Provenance own) {
        Map<String, String> facts = new TreeMap<>(own.entries());
        facts.keySet()
                .removeIf(key ->
                        !key.matches("versions\\.(switchlab|jdk|djl|libtorch.*)|machine\\.(instruction_sets|kernels)"
                                + "|computation\\..*|text\\.sha256|digests\\.initial_weights"));
        world.barrier(BEGIN);
        world.requireSame(facts);
    }
}
