package localcluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nginxHead is what the image's nginx.conf has around the template, but as one
// process in the foreground that any user may run.
const nginxHead = `daemon off;
master_process off;
pid DIR/nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path DIR/body;
    proxy_temp_path DIR/proxy;
    fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    include DIR/livechat.conf;
}
`

// WritePage lets the server write its page into dir, bundled, as it does when
// the image of Nginx is built.
func WritePage(binary, dir string) error {
	if out, err := exec.Command(binary, "page", dir).CombinedOutput(); err != nil {
		return fmt.Errorf("write the page for nginx: %w\n%s", err, out)
	}
	return nil
}

// nginxPart returns Nginx with the repository's template. Its four variables
// are filled in as the image does when it starts.
func (c *Cluster) nginxPart(root, page string) (*Part, error) {
	path, err := program("nginx")
	if err != nil {
		return nil, err
	}
	template, err := os.ReadFile(filepath.Join(root, "docker", "nginx", "livechat.conf.template"))
	if err != nil {
		return nil, fmt.Errorf("read the template of nginx: %w", err)
	}
	socketPort := c.options.SocketPort
	if socketPort == "" {
		if _, socketPort, err = net.SplitHostPort(c.HAProxy.Addr); err != nil {
			return nil, fmt.Errorf("plan nginx: %w", err)
		}
	}
	dir := filepath.Join(c.dir, "nginx")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a directory for nginx: %w", err)
	}
	files := c.options.PageDir
	switch {
	case c.options.LivePage:
		files = filepath.Join(root, "static")
	case files == "":
		files = filepath.Join(dir, "page")
		if err := WritePage(c.options.Binary, files); err != nil {
			return nil, err
		}
	}
	filled := strings.NewReplacer("${PAGE_PORT}", page, "${SOCKET_PORT}", socketPort, "${PAGE_ROOT}",
		files, "${API_UPSTREAM}", c.HAProxy.inner).Replace(string(template))
	for name, text := range map[string]string{
		"nginx.conf": strings.ReplaceAll(nginxHead, "DIR", dir), "livechat.conf": filled,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("write the configuration of nginx: %w", err)
		}
	}
	return &Part{
		Name: "nginx", Addr: page, path: path,
		args:  []string{"-p", dir, "-e", "stderr", "-c", filepath.Join(dir, "nginx.conf")},
		ready: answers200("http://" + page + "/healthz"), log: c.options.Log,
	}, nil
}
