package dev.switchlab.provenance;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.Utils;
import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/**
 * What DJL does not show of libtorch, reached through JNA: the switch for deterministic algorithms, thread counts and
 * the build's own description.
 *
 * <p>C++ symbols are found by their names in the Itanium ABI (Linux, macOS). Where one is missing, the answer is empty,
 * never a guess.
 */
public final class Libtorch {

    private static final String UNREADABLE = "cannot be read on this platform";

    /** {@code std::string} of libstdc++: pointer, length, 16 bytes of short text. */
    private static final int STRING_BYTES = 32;

    private final NativeLibrary library;

    private Libtorch(NativeLibrary library) {
        this.library = library;
    }

    /** Version, flavor, classifier and libraries of the libtorch on the class path; empty if there is none. */
    public static Properties bundled() {
        Properties properties = new Properties();
        try (InputStream in = Libtorch.class.getResourceAsStream("/native/lib/pytorch.properties")) {
            if (in != null) {
                properties.load(in);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the jar of libtorch cannot be read: " + e.getMessage(), e);
        }
        return properties;
    }

    /** Whether the user names a libtorch other than the bundled one. */
    public static boolean isForeign() {
        return System.getenv("PYTORCH_LIBRARY_PATH") != null;
    }

    /** What libtorch was built for: {@code cpu}, or a version of CUDA such as {@code cu124}. */
    public static String flavor() {
        return isForeign()
                ? Utils.getEnvOrSystemProperty("PYTORCH_FLAVOR", "cpu")
                : bundled().getProperty("flavor", "cpu");
    }

    /** The library that the engine has loaded; starts the engine where nobody has. */
    public static Libtorch loaded() {
        Engine.getInstance(); // whoever asks first
        Path file = Path.of(LibUtils.getLibtorchPath(), System.mapLibraryName("torch_cpu"));
        return new Libtorch(NativeLibrary.getInstance(file.toString()));
    }

    /**
     * Switches libtorch's deterministic algorithms on ({@code torch.use_deterministic_algorithms(True)}): operations
     * that have only another form fail from now on.
     *
     * @return whether they are on now
     */
    public boolean useDeterministicAlgorithms() {
        function("_ZN2at7Context26setDeterministicAlgorithmsEbb")
                .ifPresent(set -> context().ifPresent(c -> set.invokeVoid(new Object[] {c, 1, 0})));
        return deterministicAlgorithms();
    }

    /** Whether deterministic algorithms are on. */
    boolean deterministicAlgorithms() {
        return function("_ZNK2at7Context23deterministicAlgorithmsEv")
                .flatMap(get -> context().map(c -> get.invokeInt(new Object[] {c})))
                .filter(value -> (value & 0xff) != 0) // a C++ bool is one byte; the rest of the register is undefined
                .isPresent();
    }

    private Optional<Pointer> context() {
        return function("_ZN2at13globalContextEv").map(f -> f.invokePointer(new Object[0]));
    }

    /** Threads within one operation; 0 if unreadable. */
    int threads() {
        return integer("_ZN2at15get_num_threadsEv");
    }

    /** Threads across operations; 0 if unreadable. */
    int interopThreads() {
        return integer("_ZN2at23get_num_interop_threadsEv");
    }

    private int integer(String symbol) {
        return function(symbol).map(f -> f.invokeInt(new Object[0])).orElse(0);
    }

    /** The kernels that libtorch has chosen for this CPU, such as {@code AVX512}, or {@value #UNREADABLE}. */
    String cpuCapability() {
        return string("_ZN2at18get_cpu_capabilityB5cxx11Ev").orElse(UNREADABLE);
    }

    /**
     * The build's own description (torch.__config__.show()): compiler, BLAS, oneDNN, OpenMP; or {@value #UNREADABLE}.
     */
    String config() {
        return string("_ZN2at11show_configB5cxx11Ev").orElse(UNREADABLE);
    }

    /**
     * The text that a function returns. A returned object goes to memory that the caller names in a hidden first
     * argument; so it is on x86-64, while other CPUs have a register for it that JNA cannot set.
     */
    private Optional<String> string(String symbol) {
        if (!Platform.isLinux() || !Platform.isIntel() || !Platform.is64Bit()) {
            return Optional.empty();
        }
        return function(symbol).map(f -> {
            try (Memory result = new Memory(STRING_BYTES)) {
                f.invokePointer(new Object[] {result});
                long length = result.getLong(Long.BYTES);
                // The text itself is libtorch's to free; these few bytes, read once a run, are left to it.
                byte[] text = result.getPointer(0).getByteArray(0, Math.toIntExact(length));
                return new String(text, StandardCharsets.UTF_8);
            }
        });
    }

    private Optional<Function> function(String symbol) {
        try {
            return Optional.of(library.getFunction(symbol));
        } catch (UnsatisfiedLinkError e) {
            return Optional.empty(); // Another ABI or version; every caller says so.
        }
    }
}
