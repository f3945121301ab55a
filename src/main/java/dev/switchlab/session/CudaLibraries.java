package dev.switchlab.session;

import ai.djl.util.Utils;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import dev.switchlab.provenance.Libtorch;
import dev.switchlab.provenance.NvidiaDriver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.function.Function;

/**
 * libtorch's CUDA libraries. DJL takes those of the class path only if it finds a CUDA toolkit of the same version, and
 * counts GPUs only with that toolkit's runtime. A machine that computes with CUDA needs no toolkit, only a driver: so
 * the libraries are unpacked here, and DJL is told where they are.
 */
public final class CudaLibraries {

    private static final String RUNTIME = "libcudart";
    private static final double GB = 1e9;

    private static boolean shown;

    private CudaLibraries() {}

    /**
     * Unpacks the CUDA libraries of the class path, if there are any, unless that was done before, and shows them to
     * DJL. To be called before anything else touches DJL.
     */
    public static synchronized void prepare() {
        Properties bundled = Libtorch.bundled();
        String flavor = bundled.getProperty("flavor", "cpu");
        if (shown || !flavor.startsWith("cu") || !Platform.isLinux() || Libtorch.isForeign()) {
            return;
        }
        try {
            ClassLoader loader = CudaLibraries.class.getClassLoader();
            Path folder = unpacked(bundled, Utils.getEngineCacheDir("pytorch"), loader::getResource);
            System.setProperty("PYTORCH_LIBRARY_PATH", folder.toString());
            System.setProperty("PYTORCH_VERSION", bundled.getProperty("version"));
            // Only libraries that DJL loads for CUDA need the driver's; libtorch's own work without.
            System.setProperty("PYTORCH_FLAVOR", NvidiaDriver.isLoadable() ? flavor : "cpu");
            NativeLibrary.addSearchPath("cudart", folder.toString());
            shown = true;
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "cannot unpack libtorch " + flavor + " (" + e.getMessage()
                            + "); DJL_CACHE_DIR names another folder, make CUDA=false takes libtorch for the CPU",
                    e);
        }
    }

    /** The folder of the libraries, named as DJL would; unpacked by one process while others wait. */
    static Path unpacked(Properties bundled, Path cache, Function<String, URL> resources) throws IOException {
        String flavor = bundled.getProperty("flavor");
        String classifier = bundled.getProperty("classifier");
        Path folder = cache.toAbsolutePath().resolve(bundled.getProperty("version") + "-" + flavor + "-" + classifier);
        Path last = folder.resolve("libtorch.so");
        if (Files.exists(last)) {
            return folder;
        }
        Files.createDirectories(cache);
        try (FileChannel channel = FileChannel.open(
                        folder.resolveSibling(folder.getFileName() + ".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
                FileLock lock = channel.lock()) {
            if (lock.isValid() && !Files.exists(last)) {
                List<URL> files = new ArrayList<>();
                for (String name : bundled.getProperty("libraries").split(",", -1)) {
                    URL file = resources.apply("pytorch/" + flavor + "/" + classifier + "/" + name);
                    if (file == null) {
                        throw new IOException("its jar lacks " + name);
                    }
                    files.add(file);
                }
                Path part = folder.resolveSibling("." + folder.getFileName() + ".part");
                Utils.deleteQuietly(part); // of a process that was killed
                try {
                    unpack(files, Files.createDirectory(part), folder);
                    Utils.deleteQuietly(folder); // DJL may have left its JNI library there
                    Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    Utils.deleteQuietly(part);
                }
            }
        }
        return folder;
    }

    private static void unpack(List<URL> files, Path part, Path folder) throws IOException {
        long bytes = 0;
        for (URL file : files) {
            bytes += file.openConnection().getContentLengthLong();
        }
        long room = Files.getFileStore(part).getUsableSpace();
        if (room < bytes) {
            throw new IOException(String.format(
                    Locale.ROOT, "%s needs %.1f GB, but has %.1f", folder.getParent(), bytes / GB, room / GB));
        }
        System.err.printf(Locale.ROOT, "unpacking libtorch with CUDA to %s, once (%.1f GB) ...%n", folder, bytes / GB);
        for (URL file : files) {
            Path library = part.resolve(Path.of(file.getPath()).getFileName());
            try (InputStream in = file.openStream()) {
                Files.copy(in, library);
            }
            // In the build, CUDA's runtime has a name of its own; JNA, by which DJL counts GPUs, looks for this one.
            if (library.getFileName().toString().startsWith(RUNTIME)) {
                Files.createSymbolicLink(part.resolve(RUNTIME + ".so"), library.getFileName());
            }
        }
    }
}
