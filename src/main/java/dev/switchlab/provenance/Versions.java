package dev.switchlab.provenance;

import ai.djl.engine.Engine;
import dev.switchlab.io.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * Versions of the programs behind a run.
 *
 * @param switchlab such as {@code 0.1.0}
 * @param jdk name, version and vendor of the Java runtime
 * @param os name, version and architecture of the operating system
 * @param djl version of DJL's engine interface
 * @param libtorch version and flavour
 * @param libtorchBuild libtorch's build description, with its BLAS, oneDNN and OpenMP
 */
public record Versions(String switchlab, String jdk, String os, String djl, String libtorch, String libtorchBuild) {

    static Versions current() {
        return new Versions(
                switchlabVersion(),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + " ("
                        + System.getProperty("java.vendor") + ")",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                Engine.getDjlVersion(),
                Engine.getInstance().getVersion() + " " + Libtorch.flavor(),
                Libtorch.loaded().config().strip());
    }

    private static String switchlabVersion() {
        Properties properties = new Properties();
        try (InputStream in = Versions.class.getResourceAsStream("/switchlab.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException("the build left out switchlab.properties", e);
        }
        return properties.getProperty("version");
    }

    /** SHA-256 of all classes and resources of this program: tells one build from another. */
    public static String codeDigest() throws IOException {
        try {
            return codeDigest(Path.of(Versions.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the location of the classes is no URI", e);
        }
    }

    /** @param place a jar, or a folder of classes, hashed with names */
    static String codeDigest(Path place) throws IOException {
        MessageDigest sha256 = Sha256.newDigest();
        try (Stream<Path> walk = Files.walk(place)) {
            List<Path> files = walk.filter(Files::isRegularFile).sorted().toList();
            for (Path file : files) {
                byte[] content = Files.readAllBytes(file);
                String name = place.relativize(file) + " " + content.length + "\n";
                sha256.update(name.getBytes(StandardCharsets.UTF_8));
                sha256.update(content);
            }
        }
        return HexFormat.of().formatHex(sha256.digest());
    }
}
