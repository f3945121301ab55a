package dev.switchlab.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** The version that Maven built. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() {
        return new String[] {"SwitchLab " + current()};
    }

    /** Such as {@code 0.1.0}. */
    static String current() {
        Properties properties = new Properties();
        try (InputStream in = Version.class.getResourceAsStream("/switchlab.properties")) {
            properties.load(in);
        } catch (IOException e) {
            throw new IllegalStateException("the build left out switchlab.properties", e);
        }
        return properties.getProperty("version");
    }
}
