package dev.switchlab.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.pytorch.jni.LibUtils;
import ai.djl.util.Utils;
import dev.switchlab.provenance.Libtorch;
import dev.switchlab.provenance.NvidiaDriver;
import dev.switchlab.testing.JavaProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The CUDA build of libtorch, played by small files and by the libraries for the CPU: no download, no GPU. */
@EnabledOnOs(OS.LINUX)
class CudaLibrariesTest {

    private static final String NAME = "2.5.1-20241113-cu124-linux-x86_64";
    private static final List<String> LIBRARIES = List.of("libc10.so", "libcudart-8774224f.so.12", "libtorch.so");

    @TempDir
    private Path folder;

    private static Properties bundled(String version) {
        Properties bundled = new Properties();
        bundled.setProperty("version", version);
        bundled.setProperty("flavor", "cu124");
        bundled.setProperty("classifier", "linux-x86_64");
        bundled.setProperty("libraries", String.join(",", LIBRARIES));
        return bundled;
    }

    private Path jar(List<String> libraries) throws IOException {
        Path jar = folder.resolve("pytorch-native-cu124.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String library : libraries) {
                zip.putNextEntry(new ZipEntry("pytorch/cu124/linux-x86_64/" + library));
                zip.write(library.getBytes(StandardCharsets.UTF_8));
            }
        }
        return jar;
    }

    private Path unpacked(Path jar) throws IOException {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {jar.toUri().toURL()}, null)) {
            return CudaLibraries.unpacked(bundled("2.5.1-20241113"), folder.resolve("cache"), loader::getResource);
        }
    }

    @Test
    void unpackedOnceToWhereDjlLooksWithARuntimeThatJnaFinds() throws IOException {
        Path left = Files.createDirectories(folder.resolve("cache").resolve(NAME)); // by DJL
        Files.createFile(left.resolve("0.33.0-libdjl_torch.so"));
        Files.createFile(Files.createDirectory(folder.resolve("cache/." + NAME + ".part"))
                .resolve("libc10.so"));
        Path libraries = unpacked(jar(LIBRARIES));
        assertThat(libraries).isEqualTo(left.toAbsolutePath());
        assertThat(libraries.toFile().list())
                .containsExactlyInAnyOrder("libc10.so", "libcudart-8774224f.so.12", "libcudart.so", "libtorch.so");
        assertThat(libraries.resolve("libtorch.so")).hasContent("libtorch.so");
        assertThat(libraries.resolve("libcudart.so")).hasContent("libcudart-8774224f.so.12");
        assertThat(folder.resolve("cache").toFile().list()).containsExactlyInAnyOrder(NAME, NAME + ".lock");

        Files.writeString(libraries.resolve("libc10.so"), "kept");
        assertThat(unpacked(jar(List.of()))).isEqualTo(libraries);
        assertThat(libraries.resolve("libc10.so")).hasContent("kept");
    }

    @Test
    void aBrokenJarLeavesNothing() throws IOException {
        Path jar = jar(LIBRARIES.subList(0, 2));
        assertThatThrownBy(() -> unpacked(jar)).hasMessage("its jar lacks libtorch.so");
        Files.write(jar, new byte[200]);
        assertThatThrownBy(() -> unpacked(jar)).isInstanceOf(IOException.class);
        assertThat(folder.resolve("cache").toFile().list()).containsExactly(NAME + ".lock");
    }

    /** The program with the CUDA build, but without a driver: auto trains on the CPU and tells why, gpu fails. */
    @Test
    @Tag("slow")
    void withoutADriverAutoFallsBackAndGpuFails() throws Exception {
        assumeThat(NvidiaDriver.isLoadable()).isFalse();
        Libtorch.loaded();
        String version = Libtorch.bundled().getProperty("version");
        Path libraries = Files.createDirectories(folder.resolve("pytorch/" + version + "-cu124-linux-x86_64"));
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of(LibUtils.getLibtorchPath()), "lib*")) {
            for (Path file : files) {
                Files.createSymbolicLink(libraries.resolve(file.getFileName()), file);
            }
        }
        Path properties = folder.resolve("classes/native/lib/pytorch.properties");
        Files.createDirectories(properties.getParent());
        try (OutputStream out = Files.newOutputStream(properties)) {
            bundled(version).store(out, null);
        }
        assertThat(train("auto"))
                .contains("WARNING: computing on the CPU, not on a GPU: this machine has no NVIDIA driver\n")
                .containsPattern("device +cpu, 1 threads, libtorch [0-9.]+ cu124\n")
                .contains("\nmodel ");
        assertThat(train("gpu"))
                .isEqualTo(
                        "switchlab: DEVICE is 'gpu', but DJL finds 0 CUDA devices: this machine has no NVIDIA driver;"
                                + " use DEVICE=cpu, or see src/site/markdown/gpu.md\n");
        Utils.deleteQuietly(libraries); // JUnit warns of links that lead out of its folder
    }

    private String train(String device) throws IOException, InterruptedException {
        ProcessBuilder process = JavaProcess.of(dev.switchlab.cli.Main.class).redirectErrorStream(true);
        List<String> command = process.command();
        int classPath = command.indexOf("-cp") + 1;
        command.set(classPath, folder.resolve("classes") + ":" + command.get(classPath));
        command.addAll(List.of("train", "--experiment", "smoke", "--device", device, "--threads", "1"));
        command.addAll(List.of("--set", "train.steps=1", "--kernels", "matrix"));
        command.addAll(List.of("--runs", folder.resolve("runs").toString()));
        process.environment().put("DJL_CACHE_DIR", folder.toString());
        process.environment().remove("ENGINE_CACHE_DIR"); // goes before DJL_CACHE_DIR
        Process started = process.start();
        String output = new String(started.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        started.waitFor();
        return output;
    }
}
