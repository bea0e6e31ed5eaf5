from .plugin import PluginConfig as PluginConfig
