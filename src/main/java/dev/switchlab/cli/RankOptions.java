package dev.switchlab.cli;

import dev.switchlab.experiment.Experiment;
import dev.switchlab.experiment.ModelConfig;
import dev.switchlab.experiment.ModelConfig.DispatchForm;
import dev.switchlab.experiment.ModelConfig.FeedForwardKind;
import dev.switchlab.provenance.Computation;
import dev.switchlab.provenance.Versions;
import dev.switchlab.session.RankFollower;
import dev.switchlab.train.TrainingException;
import dev.switchlab.world.MpiRun;
import dev.switchlab.world.World;
import dev.switchlab.world.WorldException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/** Over how many processes a run is spread. */
final class RankOptions {

    /** Tells rank 0 that its standard input is held open as long as it shall go on. */
    static final String WATCH_INPUT = "SWITCHLAB_WATCH_INPUT";

    @Option(
            names = "--ranks",
            paramLabel = "N",
            description =
                    "Processes that share the run, each with its part of every batch, started by Open MPI's mpirun (default: 1, or as many as the"
                            + " run was begun with).",
            defaultValue = "0")
    private int ranks;

    @Option(
            names = "--expert-parallel",
            paramLabel = "true|false|auto",
            description =
                    "Whether each rank has a part of the experts, and tokens go to the rank that has theirs (default: auto, as the run was begun,"
                            + " a new one with sparse layers true).",
            defaultValue = "auto")
    private String expertParallel;

    private World world = World.ofOne();
    private Optional<Boolean> recordedExpertParallel = Optional.empty();

    /** The ranks that this process is one of. */
    World world() {
        return world;
    }

    /**
     * Joins the other ranks, where this process was started as one of several: to be called before anything else.
     *
     * @return the exit code of a rank that only follows and is done; empty where there is a command to run
     */
    Optional<Integer> join() throws IOException {
        if (ranks < 0) {
            throw new IllegalArgumentException("RANKS is " + ranks + ", allowed: 1 or more, for example 2");
        }
        if (!World.isStarted()) {
            return Optional.empty();
        }
        world = World.start();
        world.requireSame(
                Map.of("code", Versions.codeDigest(), "Java", System.getProperty("java.runtime.version")));
        if (world.isFirst()) {
            return Optional.empty();
        }
        try (StopOnSignal stop = StopOnSignal.quiet(world)) {
            RankFollower.follow(world, stop);
            world.finish();
            return Optional.of(0);
        } catch (TrainingException e) {
            return Optional.of(1); // rank 0 has found the same, and says so
        }
    }

    /**
     * How many ranks mpirun shall start for a run that goes on or is repeated, unless asked otherwise as it was; 0 if
     * it runs in this process.
     */
    int toLaunch(Computation recorded, Experiment experiment) {
        if (recorded.ranks() > 1) {
            recordedExpertParallel = Optional.of(recorded.expertParallel());
        }
        return toLaunch(recorded.ranks(), experiment);
    }

    /** The same for a new run. */
    int toLaunch(Experiment experiment) {
        return toLaunch(1, experiment);
    }

    private int toLaunch(int recorded, Experiment experiment) {
        int wanted = ranks > 0 ? ranks : recorded;
        if (World.isStarted()) {
            if (ranks > 0 && ranks != world.size()) {
                throw new IllegalArgumentException("RANKS is " + ranks + ", but " + world.size()
                        + " were started; leave RANKS out, or start as many");
            }
            wanted = world.size();
        }
        int batch = experiment.train().batchSize();
        if (batch % wanted != 0) {
            throw new IllegalArgumentException(
                    "RANKS is %d, which does not divide train.batch_size, %d: each rank takes as many sequences; allowed here: %s"
                            .formatted(wanted, batch, divisors(batch)));
        }
        isExpertParallel(experiment, wanted); // what cannot be is said before anything starts
        return World.isStarted() || wanted == 1 ? 0 : wanted;
    }

    /**
     * Whether each rank has a part of the experts.
     *
     * @throws IllegalArgumentException in one line, where that cannot be
     */
    boolean isExpertParallel(Experiment experiment) {
        return isExpertParallel(experiment, world.size());
    }

    private boolean isExpertParallel(Experiment experiment, int count) {
        if (!List.of("auto", "true", "false").contains(expertParallel)) {
            throw new IllegalArgumentException(
                    "EXPERT_PARALLEL is '" + expertParallel + "', allowed: true, false or auto");
        }
        ModelConfig model = experiment.model();
        boolean sparse = model.feedForward() == FeedForwardKind.SWITCH;
        boolean wanted = expertParallel.equals("auto")
                ? recordedExpertParallel.orElse(sparse)
                : Boolean.parseBoolean(expertParallel);
        if (count == 1 || !wanted) {
            return false;
        }
        if (!sparse || model.dispatch() != DispatchForm.FUSED || model.expertDropout() > 0) {
            throw new IllegalArgumentException(
                    "experts are spread over ranks only with model.feed_forward=switch,"
                            + " model.dispatch=fused and no dropout inside experts; EXPERT_PARALLEL=false leaves all of them on each rank");
        }
        if (model.nExperts() % count != 0) {
            throw new IllegalArgumentException(
                    "RANKS is %d, which does not divide model.n_experts, %d: each rank has as many experts; allowed: %s, or EXPERT_PARALLEL=false"
                            .formatted(count, model.nExperts(), divisors(model.nExperts())));
        }
        return true;
    }

    private static String divisors(int batch) {
        return IntStream.rangeClosed(1, batch)
                .filter(n -> batch % n == 0)
                .mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
    }

    /** Refuses more than one. */
    void requireOne(String what) {
        if (ranks > 1) {
            throw new IllegalArgumentException("RANKS is " + ranks + ", allowed with " + what
                    + ": 1; a sweep takes all cores by running several children at a time, see JOBS");
        }
    }

    /**
     * Runs this command on several ranks, and returns its exit code.
     *
     * @param arguments of the program, the verb first
     */
    static int launch(int ranks, List<String> arguments) throws InterruptedException {
        List<String> program = new ArrayList<>();
        program.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        program.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        program.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        program.addAll(arguments);
        MpiRun run = MpiRun.start(
                ranks,
                program,
                Map.of("SWITCHLAB_RANKS", Integer.toString(ranks), WATCH_INPUT, "true"),
                System.err::println);
        try (StopOnSignals signals = new StopOnSignals(count -> stop(run, count))) {
            int code = run.await();
            if (run.lost().isPresent() && signals.exitCode() == 0) {
                throw new WorldException(run.lost().get() + "; what was saved is intact, go on with: make resume");
            }
            return code;
        }
    }

    private static void stop(MpiRun run, int count) {
        if (count == 1) {
            System.out.println();
            System.out.println("stopping: the step in progress is finished and saved ...");
            run.stop();
        } else {
            run.kill();
        }
    }
}
