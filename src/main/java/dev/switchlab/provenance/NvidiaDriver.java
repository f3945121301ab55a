package dev.switchlab.provenance;

import ai.djl.util.cuda.CudaLibrary;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** NVIDIA's driver, and why CUDA finds no device. */
public final class NvidiaDriver {

    private static final Path KERNEL_MODULE = Path.of("/proc/driver/nvidia/version");
    private static final String LIBRARY = "libcuda.so.1";
    private static final String HIDING = "CUDA_VISIBLE_DEVICES";
    private static final Pattern VERSION = Pattern.compile("\\b\\d{3,}\\.\\d+(\\.\\d+)*\\b");

    private NvidiaDriver() {}

    /** Version of the driver, such as {@code 550.54.15}; empty if there is none. */
    public static Optional<String> version() {
        try {
            return version(Files.readString(KERNEL_MODULE));
        } catch (IOException e) {
            return Processes.output(Path.of("."), "nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader")
                    .flatMap(NvidiaDriver::version);
        }
    }

    static Optional<String> version(String text) {
        return Optional.of(VERSION.matcher(text)).filter(Matcher::find).map(Matcher::group);
    }

    /** Whether the driver's library can be loaded. Without it, libtorch's CUDA libraries compute on the CPU only. */
    public static boolean isLoadable() {
        try {
            NativeLibrary.getInstance(LIBRARY);
            return true;
        } catch (UnsatisfiedLinkError e) {
            return false;
        }
    }

    /**
     * Why CUDA finds no device, in words; empty if it finds one. CUDA's runtime must be in JNA's search path.
     *
     * @param flavor of libtorch, such as {@code cu124}
     */
    public static Optional<String> trouble(String flavor) {
        if (!flavor.startsWith("cu")) {
            return Optional.of("libtorch of this build is for the CPU; for NVIDIA GPUs: make CUDA=true");
        }
        if (!isLoadable()) {
            return Optional.of(trouble(version()));
        }
        int[] count = new int[1];
        CudaLibrary runtime;
        try {
            runtime = Native.load("cudart", CudaLibrary.class);
        } catch (UnsatisfiedLinkError e) {
            return Optional.of("CUDA's runtime (cudart) is not in the library path");
        }
        int code = runtime.cudaGetDeviceCount(count);
        return code == 0 && count[0] > 0
                ? Optional.empty()
                : Optional.of(trouble(
                        code,
                        runtime.cudaGetErrorString(code),
                        version().orElse("of unknown version"),
                        flavor,
                        System.getenv()));
    }

    /** The driver's library is missing. */
    static String trouble(Optional<String> kernelModule) {
        return kernelModule
                .map(version -> "NVIDIA's driver " + version + " is loaded, but not its library " + LIBRARY
                        + " (a container must be started with --gpus all)")
                .orElse("this machine has no NVIDIA driver");
    }

    /** CUDA's runtime answers with an error code, or finds nothing. */
    static String trouble(int code, String says, String driver, String flavor, Map<String, String> environment) {
        String answer = "NVIDIA's driver " + driver + " gives CUDA " + flavor.replaceAll("cu(\\d+)(\\d)", "$1.$2")
                + " no device: " + says + " (" + code + ")";
        if (code == CudaLibrary.INSUFFICIENT_DRIVER) {
            return answer + "; a newer driver is needed";
        }
        return environment.containsKey(HIDING)
                ? answer + "; " + HIDING + " is '" + environment.get(HIDING) + "'"
                : answer;
    }
}
