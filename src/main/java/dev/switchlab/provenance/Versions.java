package dev.switchlab.provenance;

import ai.djl.engine.Engine;
import ai.djl.util.Platform;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/**
 * The programs that computed.
 *
 * @param switchlab such as {@code 0.1.0}
 * @param jdk version and maker of the Java runtime
 * @param os operating system and its version
 * @param djl version of DJL's engine interface
 * @param libtorch version and flavour
 * @param libtorchBuild libtorch's description of itself, with the BLAS, oneDNN and OpenMP in it
 */
public record Versions(String switchlab, String jdk, String os, String djl, String libtorch, String libtorchBuild) {

    static final String UNREADABLE = "cannot be read on this platform";

    /** Of this process. */
    static Versions current(Libtorch torch) {
        return new Versions(
                switchlabVersion(),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + " ("
                        + System.getProperty("java.vendor") + ")",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"),
                Engine.getDjlVersion(),
                Engine.getInstance().getVersion() + " "
                        + Platform.detectPlatform("pytorch").getFlavor(),
                torch.config().map(String::strip).orElse(UNREADABLE));
    }

    /** The version that Maven built. */
    public static String switchlabVersion() {
        Properties properties = new Properties();
        try (InputStream in = Versions.class.getResourceAsStream("/switchlab.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException("the build left out switchlab.properties", e);
        }
        return properties.getProperty("version");
    }
}
