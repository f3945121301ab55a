package dev.switchlab.provenance;

import ai.djl.Device;
import dev.switchlab.experiment.TrainConfig.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The CPU of a run.
 *
 * @param cpu model name
 * @param cores logical cores available to this process
 * @param instructionSets the extensions by which numeric libraries choose kernels, sorted
 * @param kernels libtorch's choice, such as {@code AVX512}
 */
public record Machine(String cpu, int cores, List<String> instructionSets, String kernels) {

    private static final String NUMERIC = "sse4_[12]|avx.*|fma|f16c|amx.*|vnni|asimd.*|sve.*|bf16|i8mm|neon|sme.*";
    private static final List<String> BFLOAT16 = List.of("avx512_bf16", "amx_bf16", "bf16");
    private static final Path CPUINFO = Path.of("/proc/cpuinfo");

    /** The machine of this process. The engine must have been started. */
    public static Machine current() {
        List<String> lines = cpuinfo();
        return new Machine(
                field(lines, "model name")
                        .or(() -> Processes.output(Path.of("."), "sysctl", "-n", "machdep.cpu.brand_string"))
                        .map(String::strip)
                        .orElse(System.getProperty("os.arch")),
                Runtime.getRuntime().availableProcessors(),
                field(lines, "flags")
                        .or(() -> field(lines, "Features"))
                        .or(Machine::sysctlFeatures)
                        .map(Machine::numeric)
                        .orElse(List.of()),
                Libtorch.loaded().cpuCapability());
    }

    /**
     * Everything that decides which kernel is fastest here: processor, instruction sets in use and threads. The engine
     * must have been started.
     */
    public static String identity() {
        Machine machine = current();
        return machine.cpu + ", " + machine.kernels + ", " + machine.instructionSets.hashCode() + ", "
                + Libtorch.loaded().threads() + " threads";
    }

    /**
     * Refuses a precision that the processor has no instructions for.
     *
     * @throws IllegalArgumentException in one line
     */
    public static void require(Precision precision, Device device) {
        if (!device.isGpu()) {
            require(precision, current().instructionSets);
        }
    }

    static void require(Precision precision, List<String> instructionSets) {
        if (precision.isReduced() && instructionSets.stream().noneMatch(BFLOAT16::contains)) {
            throw new IllegalArgumentException(
                    "train.precision is " + precision + ", but this processor multiplies no bfloat16 (it has none of "
                            + String.join(", ", BFLOAT16)
                            + "), allowed: float32, for example SET=\"train.precision=float32\"");
        }
    }

    private static List<String> cpuinfo() {
        try {
            return Files.exists(CPUINFO) ? Files.readAllLines(CPUINFO) : List.of();
        } catch (IOException e) {
            return List.of(); // unreadable in some containers
        }
    }

    /** macOS names one feature a line: {@code hw.optional.arm.FEAT_BF16: 1}. */
    private static Optional<String> sysctlFeatures() {
        return Processes.output(Path.of("."), "sysctl", "hw.optional")
                .map(text -> text.replaceAll("(?m)^.*: 0$", "").replaceAll("(?m)^.*\\.(FEAT_)?(\\w+): 1$", "$2"));
    }

    /** The first value of a field. */
    static Optional<String> field(List<String> cpuinfo, String name) {
        return cpuinfo.stream()
                .filter(line -> line.matches(name + "\\s*:.*"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst();
    }

    static List<String> numeric(String flags) {
        return Stream.of(flags.toLowerCase(Locale.ROOT).strip().split("\\s+", -1))
                .filter(flag -> flag.matches(NUMERIC))
                .sorted()
                .distinct()
                .toList();
    }
}
